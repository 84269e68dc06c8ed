"""Facts on their way up: stored as they came, acknowledged, then given to the areas as rows."""
