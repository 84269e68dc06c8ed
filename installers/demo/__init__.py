"""A shop on one machine, with real products and real baskets: for newcomers, shows and training."""
