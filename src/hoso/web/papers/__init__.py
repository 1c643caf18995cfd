"""The record on paper: the health book and one visit as PDF, for the citizen or for another facility."""
