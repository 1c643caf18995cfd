"""Registering somebody at the counter: after a search, with the card's own words filled in and look-alikes shown first.

What is stored is this facility's own Patient, with the visit that begins; whose it is, identity decides as it arrives.
"""
