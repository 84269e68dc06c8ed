"""Devices on the counter: bytes and documents. Nothing here knows what a sale is."""
