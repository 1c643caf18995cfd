"""What belongs together is one line of the citizen's log; what does not is not."""

from __future__ import annotations

import pytest
from tests.access.audit.events import NOON, event

from hoso.access.audit.event import Event
from hoso.access.citizen.lines import GAP, Line, Lines

ME = "user/citizen-1"
MINUTE = 60_000


def folded(*events: Event) -> list[Line]:
    """From the oldest to the newest given, as they happened."""
    lines = Lines(ME)
    for seq, one in reversed(list(enumerate(events))):
        lines.add(seq, one)
    return lines.lines


def seen(minute: int, **fields: object) -> Event:
    given = {"time": NOON + minute * MINUTE, "actor": "user/d1", "request": f"r{minute}"}
    return event(0, **{"patient": 1, **given, **fields})  # type: ignore[arg-type]


def test_one_request_is_one_line_however_many_records_it_touched() -> None:
    (line,) = folded(seen(0, patient=1), seen(0, patient=2, types=("Encounter",)), seen(0, patient=3))
    assert (line.times, line.kinds, line.seq) == (1, {"result", "visit"}, 2)


def test_requests_close_to_each_other_are_one_line_and_a_pause_begins_another() -> None:
    gap = GAP // MINUTE
    first, second = folded(seen(0), seen(gap), seen(2 * gap), seen(3 * gap + 1))
    assert (first.times, second.times) == (1, 3)
    assert (second.first, second.last) == (NOON, NOON + 2 * GAP)


@pytest.mark.parametrize(
    "other",
    [
        {"actor": "user/d2"}, {"role": "nurse"}, {"facility": "x"}, {"purpose": "ETREAT"}, {"channel": "screen"},
        {"activity": "print"}, {"outcome": "denied"}, {"grant": "g"}, {"action": "U", "kind": "update"},
        {"kind": "identify"}, {"actor": ME}, {"role": "", "actor": "client/x"},
    ],
)  # fmt: skip
def test_what_differs_in_who_where_why_or_how_is_another_line(other: dict[str, object]) -> None:
    assert len(folded(seen(0), seen(1, **other))) == 2


@pytest.mark.parametrize(
    "whose", [{"actor": ME, "role": "citizen"}, {"role": "system"}, {"role": ""}, {"channel": "command"}]
)
def test_machines_and_the_citizen_are_a_line_a_day(whose: dict[str, object]) -> None:
    day = 24 * 60
    lines = folded(seen(-200, **whose), seen(0, **whose), seen(250, **whose), seen(day, **whose))
    assert [line.times for line in lines] == [1, 3]


def test_an_emergency_keeps_its_reason() -> None:
    (line,) = folded(seen(0, grant="g", reason="unconscious: bất tỉnh"), seen(1, grant="g", reason="unconscious: x"))
    assert line.emergency and line.reason.startswith("unconscious")
