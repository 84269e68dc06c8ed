"""Shelf-edge and product labels: of the products that were chosen, or of those whose price changed."""
