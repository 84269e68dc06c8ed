"""The server: two streams, and an area a folder."""
