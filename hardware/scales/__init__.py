"""Scales on the counter: five protocols behind one interface, and a scale made of software for each."""
