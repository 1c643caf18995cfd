"""Sending a person on to another facility: the paper, the answer of who receives, the letter that comes back."""
