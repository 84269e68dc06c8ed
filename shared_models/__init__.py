"""Values and functions of values that the till and the server share. Nothing here does input or output."""
