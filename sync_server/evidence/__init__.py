"""What outlives trust in the server: its signatures over what it holds, made so that others can check them."""
