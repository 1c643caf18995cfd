"""A database that was put back, or whose history was written anew, is found by the next question to a witness."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, clock, fill, sealer, size, spoil

from hoso.access.audit import proof
from hoso.access.audit.asking import Asking, Standing, Watcher
from hoso.access.audit.note import Signer, opened
from hoso.access.audit.verify import verify
from hoso.access.audit.watch import Watch
from hoso.api.witnessing import application
from hoso.store import audit
from hoso.store.record_store import RecordStore

ROWS = ("audit_event", "audit_seal", "audit_node", "audit_map", "audit_checkpoint", "audit_cosignature")


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


@contextmanager
def answering(app: Callable[..., Any]) -> Iterator[str]:
    """A real socket, so that what is sent and read is what a stranger's witness would see."""
    with make_server("127.0.0.1", 0, app, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    made = Watch.create(tmp_path / "w", "witness.test", bytes(range(1, 33)), clock())
    made.add(SIGNER.verifier)
    return made


@pytest.fixture
def asking(store: RecordStore, watch: Watch) -> Iterator[Asking]:
    with answering(application(watch)) as address:
        yield Asking(store.engine, [Watcher(watch.verifier, address)])


def states(asking: Asking) -> list[str]:
    return [one.state for one in asking.ask()]


def more(store: RecordStore, start: int, count: int = 30) -> None:
    store.record(rows([event(n, n % 5) for n in range(start, start + count)]))
    sealer(store).settle()


def kept(store: RecordStore) -> dict[str, list[Any]]:
    return {table: store.engine.reader().rows(f"SELECT * FROM {table}") for table in ROWS}


def put_back(store: RecordStore, before: dict[str, list[Any]]) -> None:
    """Exactly the rows of before, as an old copy of the database has them."""
    statements: list[tuple[str, tuple[Any, ...]]] = [(f"DELETE FROM {table}", ()) for table in ROWS]
    for table, found in before.items():
        for row in found:
            statements.append((f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", tuple(row)))
    spoil(store, *statements)


def test_a_log_that_grows_is_cosigned_and_found_sound(store: RecordStore, asking: Asking, watch: Watch) -> None:
    assert asking.ask() == []
    fill(store, 60)
    assert asking.ask() == [Standing("witness.test", "agrees", size(store))]
    more(store, 100)
    assert states(asking) == states(asking) == ["agrees"]
    found = verify(store.engine.reader(), SIGNER.verifier, [watch.verifier])
    assert found.cosignatures == 1  # of those of one day the last one says all


def test_a_proof_carries_what_the_witness_signed(store: RecordStore, asking: Asking, watch: Watch) -> None:
    fill(store, 60)
    assert states(asking) == ["agrees"]
    more(store, 100)
    found = proof.make(store.engine.reader(), SIGNER.verifier, [3])
    note, point = opened(found["checkpoint"], SIGNER.verifier)
    assert note.signed_by(watch.verifier) is not None and point.size < size(store)


def test_a_database_put_back_to_yesterday_is_found(store: RecordStore, asking: Asking, watch: Watch) -> None:
    fill(store, 60)
    asking.ask()
    yesterday = kept(store)
    more(store, 100)
    assert states(asking) == ["agrees"]
    put_back(store, yesterday)
    assert verify(store.engine.reader(), SIGNER.verifier, [watch.verifier]).size == 61  # by itself it looks sound
    assert states(asking) == ["behind"]
    more(store, 100, 10)
    assert states(asking) == ["behind"]
    more(store, 200, 200)  # longer than what was lost: the history is another one
    (found,) = asking.ask()
    assert found.betrays and found.state == "differs"


def test_a_database_put_back_behind_what_it_remembers_is_found_too(store: RecordStore, asking: Asking) -> None:
    fill(store, 60)
    asking.ask()
    yesterday = kept(store)
    more(store, 100)
    asking.ask()
    put_back(store, {**yesterday, "audit_cosignature": kept(store)["audit_cosignature"]})
    assert states(asking) == ["behind"]


def test_two_histories_of_the_same_length_are_found(store: RecordStore, asking: Asking) -> None:
    fill(store, 60)
    yesterday = kept(store)
    more(store, 100, 30)
    assert states(asking) == ["agrees"]
    put_back(store, yesterday)
    more(store, 500, 30)
    (found,) = asking.ask()
    assert (found.state, found.size) == ("differs", 91)


def test_a_database_that_was_lost_whole_is_found(
    store: RecordStore, asking: Asking, make_store: Callable[..., RecordStore], watch: Watch, engine: str
) -> None:
    fill(store, 60)
    asking.ask()
    other = make_store(engine)
    fill(other, 20)
    with answering(application(watch)) as address:
        assert states(Asking(other.engine, [Watcher(watch.verifier, address)])) == ["behind"]


def test_a_checkpoint_that_was_replaced_meanwhile_is_kept_with_its_signature(store: RecordStore, watch: Watch) -> None:
    fill(store, 60)

    def post(address: str, body: bytes) -> tuple[int, str]:
        more(store, 300, 5)  # another process signs on, in place of what is just being asked about
        answer = watch.answer(body)
        return answer.status, answer.text

    assert states(Asking(store.engine, [Watcher(watch.verifier, "https://w")], post)) == ["agrees"]
    assert verify(store.engine.reader(), SIGNER.verifier, [watch.verifier]).cosignatures == 1


def test_another_process_that_asked_first_is_no_alarm(store: RecordStore, watch: Watch) -> None:
    fill(store, 60)
    calls = 0

    def post(address: str, body: bytes) -> tuple[int, str]:
        nonlocal calls
        calls += 1
        if calls == 1:
            more(store, 300, 5)
            assert states(Asking(store.engine, [Watcher(watch.verifier, "https://w")], direct)) == ["agrees"]
        return direct(address, body)

    def direct(address: str, body: bytes) -> tuple[int, str]:
        answer = watch.answer(body)
        return answer.status, answer.text

    assert states(Asking(store.engine, [Watcher(watch.verifier, "https://w")], post)) == ["agrees"]


@pytest.mark.parametrize(
    ("status", "text", "state"),
    [
        (200, "", "refuses"),
        (200, "— witness.test AAAA\n", "refuses"),
        (200, Signer.of("witness.test", bytes(32), 4).sign("x\n") + "\n", "refuses"),
        (404, "unknown\n", "refuses"),
        (500, "", "refuses"),
        (409, "soon\n", "refuses"),
        (409, "²\n", "refuses"),
        (409, "-1\n", "refuses"),
        (409, "9" * 50, "refuses"),
        (409, "0\n", "refuses"),
        (409, "99999\n", "behind"),
        (422, "no\n", "differs"),
    ],
    ids=["empty", "short", "other-key", "unknown", "broken", "word", "sign", "below", "huge", "zero", "ahead", "fork"],
)
def test_what_a_witness_may_answer(store: RecordStore, watch: Watch, status: int, text: str, state: str) -> None:
    fill(store, 20)
    asking = Asking(store.engine, [Watcher(watch.verifier, "https://w")], lambda address, body: (status, text))
    assert states(asking) == [state]
    assert audit.cosignatures(store.engine.reader()) == []


def test_a_witness_that_is_away_is_said_to_be(store: RecordStore, watch: Watch) -> None:
    fill(store, 20)
    assert states(Asking(store.engine, [Watcher(watch.verifier, "http://127.0.0.1:9")])) == ["away"]
    assert states(Asking(store.engine, [Watcher(watch.verifier)])) == []


def test_the_door_of_a_witness_takes_nothing_else(watch: Watch) -> None:
    import http.client

    with answering(application(watch)) as address:
        host = address.removeprefix("http://")
        seen = []
        for method, path, body, headers in (
            ("GET", "/add-checkpoint", b"", {}),
            ("POST", "/", b"", {}),
            ("GET", "/x", b"", {}),
            ("GET", "/", b"", {}),
            ("POST", "/add-checkpoint", b"x" * 65_537, {}),
            ("POST", "/add-checkpoint", b"x", {}),
            ("POST", "/add-checkpoint", b"", {"Content-Length": "-5"}),
        ):
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.request(method, path, body, headers)
            seen.append(connection.getresponse().status)
            connection.close()
        assert seen == [405, 405, 404, 200, 413, 400, 411]


@pytest.mark.parametrize(
    "address", ["ftp://w.vn", "http://w.vn", "https://", "https://a@w.vn", "https://w.vn/?x", "w.vn", "https://w:x"]
)
def test_an_address_that_is_none_is_refused(watch: Watch, address: str) -> None:
    with pytest.raises(ValueError):
        Watcher.parse(f"{watch.verifier} {address}")


def test_a_witness_is_named_by_its_key_and_address(watch: Watch) -> None:
    assert Watcher.parse(f"{watch.verifier} https://w.vn/x/") == Watcher(watch.verifier, "https://w.vn/x")
    assert Watcher.parse(str(watch.verifier)) == Watcher(watch.verifier)
    for text in ("", "x+y+z", str(SIGNER.verifier)):
        with pytest.raises(ValueError):
            Watcher.parse(text)
