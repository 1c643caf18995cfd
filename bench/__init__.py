"""Measures a node from outside and prints each figure beside its budget and beside the bare limit of the same run."""
