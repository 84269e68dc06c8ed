"""What earlier versions wrote: see README.md."""
