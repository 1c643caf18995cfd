"""What HoSo brings: built once per process, and each list read only when somebody asks for its codes."""

from __future__ import annotations

from functools import cache
from threading import Lock

from hoso.fhir.terminology.library import Library
from hoso.fhir.terminology.shipped_core import core_lists
from hoso.fhir.terminology.shipped_diagnoses import diagnoses
from hoso.fhir.terminology.shipped_national import national_lists
from hoso.fhir.terminology.shipped_units import units
from hoso.fhir.terminology.shipped_words import common_words
from hoso.fhir.terminology.units_of_measure import Units

_lock = Lock()


def shipped() -> Library:
    with _lock:
        return _shipped()


@cache
def _shipped() -> Library:
    return Library().with_all([*diagnoses(), *national_lists(), *units(), *common_words(), *core_lists(), Units()])
