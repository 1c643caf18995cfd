"""A caller on each engine, and a node's folder for tests that need a whole server."""

from __future__ import annotations

import pytest
from tests.api.caller import Caller

from hoso.store.record_store import RecordStore


@pytest.fixture
def call(store: RecordStore) -> Caller:
    """Somebody who may do everything, on each engine in turn."""
    return Caller(store)
