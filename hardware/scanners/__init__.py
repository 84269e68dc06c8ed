"""Scanners: the Protocol, the keyboard wedge, and a simulator."""
