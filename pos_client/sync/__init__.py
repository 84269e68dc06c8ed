"""The till's end of the two streams. The core takes no input and gives no output of its own."""
