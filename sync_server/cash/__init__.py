"""Shifts and cash as the tills stated them."""
