"""Ids are UUIDv7: valid as FHIR ids, different, and in the order of time."""

from __future__ import annotations

import re
import time

from hoso.core.ids import new_id, uuid7


def test_an_id_is_a_version_7_uuid_and_a_fhir_id() -> None:
    made = uuid7()
    assert made.version == 7
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", str(made))


def test_later_ids_sort_after_earlier_ones_and_none_repeats() -> None:
    first = new_id()
    time.sleep(0.002)
    later = [new_id() for _ in range(1000)]
    assert len(set(later)) == 1000
    assert all(first < one for one in later)
