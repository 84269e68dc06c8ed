"""Office accounts: who may log in to the server, and in which role."""
