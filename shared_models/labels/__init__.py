"""Shelf-edge and product labels: what stands on them, as ZPL for label printers and as PDF sheets."""
