"""A hub knows of each node below what waits there since when, its disk, clock and version, for pages and a monitor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.store.samples import WHO, patient, put
from tests.sync.nearby import Hub, hub, station

from hoso import __version__, compose, syncing
from hoso.sync import serving
from hoso.sync.asking import Broken
from hoso.sync.messages import State
from hoso.sync.metrics import lines
from hoso.sync.nodes import Said, said


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Hub, compose.Node]]:
    with hub(tmp_path) as above, station(tmp_path / "a", above) as node:
        yield above, node


def _calls(node: compose.Node) -> syncing.Calls:
    calls = syncing.Calls.of(node.agreeing)
    assert calls is not None
    return calls


def test_what_waits_at_a_node_is_told_and_less_once_it_came(
    pair: tuple[Hub, compose.Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    above, node = pair
    node.store.save([put(patient(), f"p{n}") for n in range(3)], WHO)
    with monkeypatch.context() as broken:
        broken.setattr(serving, "_push", _cut)
        with pytest.raises(Broken):
            _calls(node).contact()
    overview = above.node.agreement
    ([one], _) = overview.stations(0, 9)
    assert (one.waits, one.said.waits, one.said.version) == (3, 3, f"HoSo {__version__}")
    assert one.said.oldest > 0 and one.said.disk >= one.said.free > 0

    assert _calls(node).contact().equal
    ([one], _) = overview.stations(0, 9)
    assert (one.waits, one.said.waits, one.arrived) == (0, 3, 3), "three were told of, and three came since"
    told = "\n".join(lines(overview.own(), [one]))
    named = f'{{node="{node.config.node}",name="a",facility="79001"}}'
    assert f"hoso_node_waiting{named} 0" in told
    assert f"hoso_node_disk_free_bytes{named} {one.said.free}" in told
    assert f'version="HoSo {__version__}",standing="good"' in told
    assert f"hoso_node_clock_ahead_seconds{named} " in told
    assert "hoso_node_oldest_waiting_seconds{" not in told
    assert "hoso_sync_last_contact_seconds" not in told, "the hub has none above it"


def _cut(*_: object) -> None:
    raise serving.Refused("full")


def test_what_cannot_be_is_no_number_and_a_name_ends_no_line(pair: tuple[Hub, compose.Node]) -> None:
    above, _ = pair
    below = syncing.hub(above.parts)
    [row] = below.table.all()
    below.hear(row, 0, State("x" * 300, -5, 1 << 62, -1, 3), 0)
    [row] = below.table.all()
    assert said(row) == Said("x" * 100, 0, 1 << 53, 0, 3, 0)
    ([one], _) = above.node.agreement.stations(0, 9)
    odd = one.row._replace(name='a"} 1\nhoso_fake 1')
    told = list(lines(above.node.agreement.own(), [type(one)(odd, "good", 0, 0, 0, None, ())]))
    assert not [line for line in told if line.startswith("hoso_fake")]
    assert any(r'name="a\"} 1 hoso_fake 1"' in line for line in told)


def test_a_node_of_before_that_tells_its_version_alone_has_no_numbers(pair: tuple[Hub, compose.Node]) -> None:
    above, _ = pair
    below = syncing.hub(above.parts)
    [row] = below.table.all()
    below.table.hear(row.id, 0, "HoSo 0")
    ([one], _) = above.node.agreement.stations(0, 9)
    assert (one.waits, one.said) == (None, Said("HoSo 0"))
