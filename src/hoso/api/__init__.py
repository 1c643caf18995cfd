"""The systems' door: FHIR R4 (4.0.1) over WSGI, JSON only, strict.

A thin router and plain functions; records are reached through `access`, never the store.
"""
