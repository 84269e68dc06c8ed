"""Receipt printers: the Protocol, drivers, and a virtual printer."""
