"""Definitions that come with HoSo: VN Core in our own words, under the canonical addresses of the draft."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from hoso.fhir.profiles import vn_core
from hoso.fhir.profiles.constraint import Tree


@cache
def shipped() -> tuple[Tree, ...]:
    """Patient and the extensions lie whole in a file of their own; the rest is made from a table."""
    patient = msgspec.json.decode((files("hoso.fhir.profiles") / "vn_core.json").read_bytes(), type=list[Any])
    return (*patient, *vn_core.profiles())
