"""How a child grows: z-scores by the WHO standards of 2006 and reference of 2007, and measures that are likelier slips.

Pure functions over the published tables of L, M and S (data/who.csv.gz, made by scripts/growth_tables.py).
"""

from hoso.care.growth.assess import Indicator, Measured, Point, assess, indicator, indicators, newest
from hoso.care.growth.check import Doubt, doubts, implausible

__all__ = [
    "Doubt", "Indicator", "Measured", "Point", "assess", "doubts", "implausible", "indicator", "indicators", "newest",
]  # fmt: skip
