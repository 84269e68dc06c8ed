"""Closings of days, months and years, and the daily roots: made when a day is over, from what is booked."""
