"""Leases: what must not be spent twice is asked for here first. Cards, points, refunds, parked sales."""
