"""The stock ledger: moves, and the level that is their sum."""
