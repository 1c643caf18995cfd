"""Looks whether anybody reads far more than is usual, and keeps what it finds for the privacy officer."""
