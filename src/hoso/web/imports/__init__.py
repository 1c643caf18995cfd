"""Bringing a file step by step: what it seems to be, what its columns mean, what would come of it, and what came."""
