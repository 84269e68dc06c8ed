"""ESC/POS: documents to bytes, and bytes back to paper."""
