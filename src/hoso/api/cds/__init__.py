"""CDS Hooks 2.0 for hospital software: what stands against an order, asked at the moment of ordering.

The rules are those of `hoso.care.orders`; records are read as the caller may, and one refused is one absent.
"""

from hoso.api.cds.app import application, is_cds

__all__ = ["application", "is_cds"]
