"""Referrals: written from a visit, received or declined, answered by a letter; the lists of a facility."""
