"""The till's pure core: actions go in, a state comes out."""
