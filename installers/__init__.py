"""Builds, deployment and the demo. Nothing imports this package."""
