"""Sales as the tills recorded them."""
