"""Codes that say of a whole list that it is empty. Sources: SNOMED CT; IPS 2.0.0, absent or unknown data."""

NONE_KNOWN = {"716186003", "409137002", "428607008", "429625007", "no-known-allergies"}
"""No known allergy, drug allergy, environmental allergy, food allergy."""
NO_PROBLEM = {"160245001", "no-known-problems"}
