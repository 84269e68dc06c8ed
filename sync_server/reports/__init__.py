"""The read side: figures, and the way from each of them down to its receipts."""
