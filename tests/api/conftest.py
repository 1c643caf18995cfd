"""A caller on each engine, and a node's folder for tests that need a whole server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests import postgres
from tests.api.caller import Caller
from tests.api.hooked import Told
from tests.api.receivers import receiving

from hoso.store.record_store import RecordStore


@pytest.fixture
def call(store: RecordStore) -> Caller:
    """Somebody who may do everything, on each engine in turn."""
    return Caller(store)


@pytest.fixture
def persons(store: RecordStore) -> Caller:
    """The same on a node with identity at its door, among a million people."""
    return Caller.with_persons(store)


@pytest.fixture
def options(engine: str, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What `hoso init` is told, to use each engine in turn."""
    with ExitStack() as stack:
        if engine == "sqlite":
            yield []
        else:
            yield ["--database", stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))]


@pytest.fixture
def told(call: Caller, store: RecordStore) -> Iterator[Told]:
    """Subscriptions on each engine, and somebody who listens."""
    with receiving() as receiver:
        yield Told(call, store, receiver)
