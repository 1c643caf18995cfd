"""The search parameters that R4 does not have and this node offers, or is about to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from hoso.fhir.model import SearchParam


@dataclass(frozen=True, slots=True)
class Offer:
    """`share`: how far its index is, in per cent; None when it is complete."""

    param: SearchParam
    share: int | None = None


Offered = Mapping[str, Mapping[str, Offer]]
"""By type and code."""

NOTHING: Offered = MappingProxyType({})
