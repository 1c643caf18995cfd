"""Whose records are they? Normalising what facilities write about a person, matching, linking and review.

Pure functions over FHIR JSON in the middle; records are reached through `access` alone.
"""
