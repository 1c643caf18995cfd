"""The insurance XML (GIAMDINHHS), the one format that every hospital's software already writes.

`read` takes a file apart into visits with their tables as they were written; nothing here touches the store.
"""

from hoso.exchange.insurance.check import check, decision_of
from hoso.exchange.insurance.envelope import Reading, read
from hoso.exchange.insurance.resources import Mapped, map_visit
from hoso.exchange.insurance.split import PIECE_LIMIT, Splitting, is_insurance
from hoso.exchange.insurance.visit import Place, Row, Visit

__all__ = [
    "PIECE_LIMIT",
    "Mapped",
    "Place",
    "Reading",
    "Row",
    "Splitting",
    "Visit",
    "check",
    "decision_of",
    "is_insurance",
    "map_visit",
    "read",
]
