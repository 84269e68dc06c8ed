"""Checks an archive of Evertill's journal; needs nothing of Evertill, and trusts neither till nor server."""
