"""A visit as it is written down: what is typed, what it means, and what it leaves in the record.

Pure functions over texts and FHIR JSON; who may write, and where unfinished visits wait, is the page's matter.
"""
