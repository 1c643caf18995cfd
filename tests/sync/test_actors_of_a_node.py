"""A change whose maker does not work where it comes from is held with its reason, and what is sound goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.store.samples import patient, put
from tests.sync.nearby import Hub, hub, station

from hoso import compose, syncing
from hoso.store.contract import Origin
from hoso.web.configure import configure

PASSWORD = "mot-hai-ba-bon-nam-sau"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, compose.Node, compose.Node]]:
    """Two stations, both of 79001; only at the first somebody works there."""
    folder = tmp_path_factory.mktemp("near")
    with hub(folder) as above, station(folder / "a", above) as one, station(folder / "b", above) as other:
        compose.hire(one.config, "mai", "doctor", "79001", PASSWORD)
        compose.hire(other.config, "tu", "doctor", "35001", PASSWORD)
        yield above, one, other


def _contact(node: compose.Node) -> bool:
    configure(node.config)  # two nodes share this process
    calls = syncing.Calls.of(node.agreeing)
    assert calls is not None
    return calls.contact().equal


def _held(above: Hub, node: compose.Node) -> list[str]:
    kept = syncing.ledger(above.parts)
    return [one.reason for stream in kept.streams() if stream.node == node.config.node for one in kept.held(stream)]


def test_who_made_a_change_is_held_to_belong_to_the_node_that_brings_it(
    sites: tuple[Hub, compose.Node, compose.Node],
) -> None:
    above, one, other = sites
    mai = _practitioner(one, "mai")
    one.store.save([put(patient(), "hers")], Origin("user/mai", "TREAT"))
    one.store.save([put(patient(), "system")], Origin("client/his", "TREAT"))
    assert _contact(one)
    read = above.node.store.read
    assert read("Patient", "hers") and read("Patient", "system")
    assert _held(above, one) == []
    made = above.node.store.history("Patient", "hers").versions
    [change] = [c for c in above.node.store.feed(0, 1000) if c.version.type == "Patient" and c.version.id == "hers"]
    assert (len(made), change.actor) == (1, f"Practitioner/{mai}")  # an account of hers is nobody at the hub

    other.store.save([put(patient(), "elsewhere")], Origin("user/tu", "TREAT"))
    other.store.save([put(patient(), "as-mai")], Origin(f"Practitioner/{mai}", "TREAT"))
    other.store.save([put(patient(), "as-node")], Origin(f"node/{one.config.node}", "TREAT"))
    other.store.save([put(patient(), "as-hub")], Origin(f"node/{above.node.config.node}", "TREAT"))
    other.store.save([put(patient(), "sound")], Origin(f"node/{other.config.node}", "TREAT"))
    _contact(other)
    assert read("Patient", "sound") and read("Patient", "as-mai")  # she works at the facility of that node as well
    assert not any(read("Patient", id) for id in ("elsewhere", "as-node", "as-hub"))
    assert sorted(_held(above, other)) == [
        "actor of another node",
        "actor of another node",
        "actor of no post at 79001",
    ]
    assert _contact(other), "what is held is left out when both are compared"

    assert syncing.released(above.parts, other.config.node) == 3
    assert all(read("Patient", id) for id in ("elsewhere", "as-node", "as-hub"))
    assert _held(above, other) == []
    assert _contact(other)
    assert syncing.released(above.parts, other.config.node) == 0


def _practitioner(node: compose.Node, username: str) -> str:
    configure(node.config)
    found = node.agreeing.named(f"user/{username}")
    assert found.startswith("Practitioner/")
    return found.removeprefix("Practitioner/")
