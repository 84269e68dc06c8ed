"""People at the counter: PINs, roles, the stores they work in."""
