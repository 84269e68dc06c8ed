"""What is for sale: products, categories, barcodes, and their import from files."""
