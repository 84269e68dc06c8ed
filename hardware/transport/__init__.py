"""How bytes reach a device."""
