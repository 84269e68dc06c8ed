"""Reference data on its way down to the tills: gap-free streams, snapshots, and the hint of news."""
