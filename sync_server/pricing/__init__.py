"""What things cost: prices per store from a day on, tax categories and their taxes."""
