"""What stands against an order before it is given: a test done lately, an allergy, a dangerous pair, the same twice.

Pure functions over a chart; the rules are the tables `rules/order_*.toml`, each row with its source.
"""

from hoso.care.orders.check import ORDER_TYPES, check_order
from hoso.care.orders.finding import Finding, Last
from hoso.care.orders.glance import glance
from hoso.care.orders.wanted import Wanted, wanted_of
from hoso.care.orders.words import LANGUAGES, Told, told

__all__ = [
    "LANGUAGES",
    "ORDER_TYPES",
    "Finding",
    "Last",
    "Told",
    "Wanted",
    "check_order",
    "glance",
    "told",
    "wanted_of",
]
