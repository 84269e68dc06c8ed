"""The till: one screen, one cart, one transaction."""
