"""A simulated national register of people and the dirty records in which they arrive, to measure identity matching.

It is written apart from the matcher and shares no code with it, so that neither flatters the other.
"""
