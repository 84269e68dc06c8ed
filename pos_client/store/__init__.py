"""The till's two SQLite files: the books (facts and what is derived from them) and the catalogue copy."""
