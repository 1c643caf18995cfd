"""A sealed batch is opened as it was closed, or not at all: no flipped bit, cut, forgery or bomb gets through."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from pair import KEYS, SIGNERS, change

from hoso.sync import batches
from hoso.sync.batches import Sealed, Unsealable, cut, seal, unseal
from hoso.sync.stream import Place, Record, StreamId, read, start

STREAM = StreamId("station", "e1")
START = Place(0, start(STREAM))
RECORDS = tuple(change(Random(n), text=str(n)) for n in range(5))
SEALED = seal(SIGNERS["station"], STREAM, START, RECORDS)
PARTS = msgspec.msgpack.decode(SEALED, type=Sealed)


def resealed(signer: str = "station", **parts: object) -> bytes:
    """The batch with some parts changed, and signed anew."""
    blank = msgspec.structs.replace(PARTS, **parts)
    return msgspec.msgpack.encode(msgspec.structs.replace(blank, signature=SIGNERS[signer].sign(blank.signed())))


def fault_of(data: bytes) -> str:
    with pytest.raises(Unsealable) as refused:
        unseal(data, KEYS)
    return refused.value.fault


@given(st.lists(st.tuples(st.binary(max_size=200), st.binary(max_size=2000)), min_size=1, max_size=20))
def test_what_is_sealed_is_unsealed_byte_for_byte(pairs: list[tuple[bytes, bytes]]) -> None:
    records = tuple(Record(*pair) for pair in pairs)
    batch = unseal(seal(SIGNERS["station"], STREAM, START, records), KEYS)
    assert batch.records == records and batch.at(0) == START.chain


@given(st.integers(0, len(SEALED) * 8 - 1))
def test_no_bit_may_be_flipped(bit: int) -> None:
    data = bytearray(SEALED)
    data[bit // 8] ^= 1 << bit % 8
    fault_of(bytes(data))


@given(st.integers(0, len(SEALED) - 1))
def test_nothing_may_be_cut_off(length: int) -> None:
    assert fault_of(SEALED[:length]) == "not-a-batch"


@given(st.binary(max_size=500))
def test_anything_else_is_no_batch(data: bytes) -> None:
    assert fault_of(data) in ("not-a-batch", "other-protocol", "bad-signature")


@pytest.mark.parametrize("signer", ["stranger", "neighbour"])
def test_only_the_writer_of_a_stream_signs_it(signer: str) -> None:
    assert fault_of(resealed(signer)) == "bad-signature"


def test_a_batch_of_a_node_nobody_knows_is_refused() -> None:
    assert fault_of(resealed("stranger", stream=StreamId("stranger", "e1"))) == "bad-signature"


@pytest.mark.parametrize(
    "parts",
    [{"after": bytes(32)}, {"before": bytes(32)}, {"first": 2}, {"count": 4}, {"count": 6}],
    ids=lambda parts: str(parts)[:12],
)
def test_a_batch_whose_links_do_not_hold_is_refused(parts: dict[str, object]) -> None:
    assert fault_of(resealed(**parts)) == "broken-chain"


def test_an_unknown_protocol_or_dictionary_is_named() -> None:
    assert fault_of(resealed(protocol=2)) == "other-protocol"
    assert fault_of(resealed(dictionary=99)) == "other-protocol"


def test_a_branch_is_no_stream_of_its_own() -> None:
    assert fault_of(resealed(stream=StreamId("station", "e1", "b"))) == "not-a-batch"


def test_a_bomb_is_not_unpacked_though_a_station_signed_it() -> None:
    bomb = zstandard.compress(bytes(1 << 26), 9)
    assert len(bomb) < 100_000
    assert fault_of(resealed(packed=bomb, dictionary=0)) == "bomb"


def test_many_bombs_in_one_are_not_unpacked() -> None:
    bomb = zstandard.compress(msgspec.msgpack.encode([(b"", b"")] * 10_000_000), 3)
    assert fault_of(resealed(packed=bomb, dictionary=0, count=20_000)) in ("bomb", "broken-chain")


def test_an_array_that_says_it_is_longer_than_agreed_is_not_made() -> None:
    packed = zstandard.compress(b"\xdd\xff\xff\xff\xff" + bytes(100))
    assert fault_of(resealed(packed=packed, dictionary=0)) == "broken-chain"


def test_what_is_too_long_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_SEALED", len(SEALED) - 1)
    assert fault_of(SEALED) == "too-large"


@given(st.binary(max_size=300))
def test_what_is_not_packed_is_refused_though_it_is_signed(packed: bytes) -> None:
    assert fault_of(resealed(packed=packed)) in ("not-packed", "broken-chain", "bomb")


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.integers(1, 6))
def test_a_batch_ends_where_a_group_ends(sizes: list[int], most: int) -> None:
    records = []
    for number, places in enumerate(sizes):
        for place in range(1, places + 1):
            header = msgspec.structs.replace(read(RECORDS[0]), group=bytes([number]), place=place, places=places)
            records.append(Record(msgspec.msgpack.encode(header), b""))
    count = cut(records, most)
    ends = {sum(sizes[: n + 1]) for n in range(len(sizes))}
    assert count in ends and (count >= min(most, len(records)) or count == len(records))
