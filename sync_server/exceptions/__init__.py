"""The inbox of what needs a person."""
