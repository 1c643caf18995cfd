"""How far a place is from another on the ground: the haversine of the angle between them, the same on both databases.

A position stands in `quantity` as `low` (latitude) and `high` (longitude); its b-tree finds the band of latitudes.
"""

from __future__ import annotations

from math import cos, degrees, pi, radians, sin

from hoso.fhir.search.query import Near
from hoso.store.search.sql import Sql, both, nested

EARTH = 6_371_008.8
"""Mean radius in metres."""
_HALF, _WHOLE = repr(pi / 360), repr(pi / 180)
"""Degrees to half and whole radians."""


def haversine(place: Near, a: str) -> Sql:
    """Between 0 (here) and 1 (on the other side of the earth); it grows with the distance."""
    north = f"pow(sin(({a}.low - ?) * {_HALF}), 2)"
    east = f"cos({a}.low * {_WHOLE}) * ? * pow(sin(({a}.high - ?) * {_HALF}), 2)"
    return Sql(f"{north} + {east}", (place.latitude, cos(radians(place.latitude)), place.longitude))


def within(place: Near, a: str) -> Sql:
    """In the circle."""
    angle = min(place.metres / EARTH, pi)
    reach = degrees(angle) + 1e-9
    band = Sql(f"{a}.low >= ? AND {a}.low <= ?", (place.latitude - reach, place.latitude + reach))
    near = haversine(place, a).also(Sql("<= ?", (sin(angle / 2) ** 2,)))
    return nested(both((band, near)))
