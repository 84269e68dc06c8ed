"""Card terminals: one interface, ZVT over TCP, and a terminal made of software."""
