"""Cash drawers: the Protocol, drivers, and a simulated drawer."""
