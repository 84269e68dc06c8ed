"""The server run inside a shop: it takes in what the tills sealed, passes it on, and has the catalogue at hand."""
