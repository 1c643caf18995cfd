"""How nodes are, as numbers that a monitor reads (the text format of Prometheus). Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hoso.sync.overview import Own, Station

Sample = tuple[str, float | int | None]


def lines(own: Own, stations: Sequence[Station]) -> Iterator[str]:
    """What is not known is left out, so that nobody takes a nought for it."""
    sent = own.sent
    yield from _metric("hoso_sync_waiting", "changes whose only copies are on this node", [("", sent.here)])
    yield from _metric("hoso_sync_oldest_waiting_seconds", "when the oldest was written", [("", _seconds(sent.oldest))])
    yield from _metric("hoso_sync_held_above", "changes of this node held above", [("", sent.held)])
    yield from _metric("hoso_sync_last_contact_seconds", "with the hub", [("", _seconds(own.last))])
    yield from _metric("hoso_sync_clock_ahead_seconds", "this node's beside the hub's", [("", _seconds(own.ahead))])
    yield from _metric("hoso_sync_certificate_end_seconds", "of this node", [("", _seconds(own.certificate))])
    yield from _metric("hoso_disk_free_bytes", "of this node", [("", own.free)])
    yield from _metric("hoso_disk_bytes", "of this node", [("", own.disk)])
    named = [(_labels(one), one) for one in stations]
    info = [(f"{_labels(one, version=one.said.version, standing=one.standing)}", 1) for one in stations]
    yield from _metric("hoso_node_info", "nodes below, their versions and standing", info)
    for name, what, samples in (
        ("waiting", "changes not handed in yet", [(at, one.waits) for at, one in named]),
        ("oldest_waiting_seconds", "when the oldest was written", [(at, _oldest(one)) for at, one in named]),
        ("last_contact_seconds", "with this node", [(at, _seconds(one.row.seen)) for at, one in named]),
        ("clock_ahead_seconds", "its clock beside this node's", [(at, _seconds(one.row.ahead)) for at, one in named]),
        ("certificate_end_seconds", "of the node", [(at, _seconds(one.row.expires)) for at, one in named]),
        ("received", "changes that came of it", [(at, one.arrived) for at, one in named]),
        ("held", "changes of it held here", [(at, len(one.held)) for at, one in named]),
        ("disk_free_bytes", "of the node", [(at, one.said.free if one.said.disk else None) for at, one in named]),
        ("disk_bytes", "of the node", [(at, one.said.disk or None) for at, one in named]),
    ):
        yield from _metric(f"hoso_node_{name}", what, samples)


def _oldest(one: Station) -> float | None:
    return _seconds(one.said.oldest) if one.waits and one.said.oldest else None


def _metric(name: str, what: str, samples: Iterable[Sample]) -> Iterator[str]:
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        yield f"# HELP {name} {what}"
        yield f"# TYPE {name} gauge"
        yield from (f"{name}{labels} {value}" for labels, value in known)


def _labels(one: Station, **more: str) -> str:
    named = {"node": one.row.id, "name": one.row.name, "facility": one.row.facility, **more}
    return "{" + ",".join(f'{name}="{_plain(text)}"' for name, text in named.items()) + "}"


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(letter if letter.isprintable() else " " for letter in escaped)


def _seconds(at: int | None) -> float | None:
    return None if at is None else at / 1000
