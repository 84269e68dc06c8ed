"""Label printers that speak ZPL: the driver, and one made of software that reads the stream itself."""
