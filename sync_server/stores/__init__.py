"""Stores and the tills that stand in them."""
