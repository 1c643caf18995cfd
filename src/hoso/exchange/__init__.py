"""How records come from other software: files of bundles and NDJSON today, through one pipeline for all that follow.

What arrives is mapped, checked and committed through `access`; what cannot be is set aside with its reason and place.
"""
