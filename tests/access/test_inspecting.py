"""The log is searched by those who answer for it: all of it, or what happened at their facilities, and it is told."""

from __future__ import annotations

import csv
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from tests.access.audit.events import NOON, event, rows
from tests.access.audit.logs import SIGNER, sealer
from tests.access.organisation.test_overseers import officer, overseers, place, save
from tests.security.ward import patient, staff

from hoso.access import trail as trails
from hoso.access.audit.log import AuditLog
from hoso.access.audit.note import BadNote, Checkpoint, Note, Signer
from hoso.access.errand import Errand
from hoso.access.inspecting import Inspection, Question
from hoso.access.trail import Asked, Trail
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.store.record_store import RecordStore

DAY = 86_400_000
CHECK = Path(__file__).parents[2] / "docs/how-to/check-audit-export.py"
NOW = from_ms(NOON + 100)
TODAY = date(2026, 1, 1)
AUDITOR = Errand(staff("kt", "auditor", ""), "HOPERAT", channel="screen")
OFFICER = Errand(staff("po", "privacy-officer", "01001"), "HOPERAT", channel="screen")
ABOVE = Errand(staff("po2", "privacy-officer", "SYT01"), "HOPERAT", channel="screen")
DOCTOR = Errand(staff("bs", "doctor", "01001"), "TREAT", channel="screen")
NUMBER, OTHER = "001180000001", "001180000002"


def clock() -> datetime:
    return NOW


@pytest.fixture
def known(store: RecordStore) -> RecordStore:
    """Facilities with and without an officer, two people, and what happened about them."""
    save(
        store, place("SYT01"), place("01001", "SYT01"), place("01002", "SYT01"), place("02001"),
        *officer("po", "01001"), *officer("po2", "SYT01"), *officer("po3", "02001"),
        patient("p1", "An", NUMBER, "01001"), patient("p2", "Bình", OTHER, "01001"),
    )  # fmt: skip
    first, second = (store.people.rids([id])[id] for id in ("p1", "p2"))
    told = [
        event(9, first, actor="user/an", time=NOON - 40 * DAY),
        event(1, first, actor="user/an"),
        event(2, second, actor="user/an", activity="print", channel="print"),
        event(3, first, actor="user/lan", facility="01002", kind="create", action="C"),
        event(4, second, actor="user/moc", facility="02001", outcome="denied"),
        event(5, 0, actor="user/an", kind="sign-in", action="E", types=(), facility="", role=""),
        event(6, first, actor="user/an", kind="break-glass", action="E", grant="g1", types=(), reason="other: ngất"),
        event(7, second, actor="user/an", activity="export", channel="export", what="=cmd|' /C calc'!A0"),
        event(8, first, actor="client/lab", activity="send"),
    ]
    store.record(rows(told))
    sealer(store).settle()
    return store


@pytest.fixture
def log(known: RecordStore) -> AuditLog:
    return AuditLog(known, SIGNER, clock)


@pytest.fixture
def inspection(known: RecordStore, log: AuditLog) -> Inspection:
    return Inspection(known, trail(known, log), log, clock)


def trail(known: RecordStore, log: AuditLog) -> Trail:
    return Trail(known, log.journal, clock, SIGNER.name, overseers(known, clock))


def found(inspection: Inspection, question: Question, errand: Errand = AUDITOR) -> list[int]:
    """Numbers of the events, oldest first."""
    entries = inspection.search(errand, question).entries
    return sorted(int(one.event.request[2:]) for one in entries if one.event.request.startswith("r-"))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(), [1, 2, 3, 4, 5, 6, 7, 8]),
        (Question(numbers=(NUMBER,)), [1, 3, 6, 8, 9]),
        (Question(numbers=("999999999999", OTHER)), [2, 4, 7]),
        (Question(record="p1"), [1, 3, 6, 8, 9]),
        (Question(numbers=("999999999999",)), []),
        (Question(record="nobody"), []),
        (Question(who="an"), [1, 2, 5, 6, 7]),
        (Question(who="lab"), [8]),
        (Question(who="client/lab"), [8]),
        (Question(who="a%"), []),
        (Question(who="*"), []),
        (Question(facility="01002"), [3]),
        (Question(facility="%"), []),
        (Question(act="view"), [1]),
        (Question(act="print"), [2]),
        (Question(act="write"), [3]),
        (Question(act="refused"), [4]),
        (Question(act="sign-in"), [5]),
        (Question(act="break-glass"), [6]),
        (Question(act="export"), [7]),
        (Question(act="send"), [8]),
        (Question(who="an", act="print", numbers=(OTHER,)), [2]),
        (Question(since=TODAY, until=TODAY), [1, 2, 3, 4, 5, 6, 7, 8]),
        (Question(until=TODAY - timedelta(days=39)), [9]),
        (Question(record="p1", until=TODAY - timedelta(days=1)), [9]),
        (Question(since=TODAY + timedelta(days=1)), []),
    ],
)
def test_lines_are_found_by(inspection: Inspection, question: Question, expected: list[int]) -> None:
    assert found(inspection, question) == expected


def test_an_officer_sees_what_the_queues_would_show(inspection: Inspection) -> None:
    assert found(inspection, Question(), OFFICER) == [1, 2, 6, 7, 8]
    assert found(inspection, Question(), ABOVE) == [3]  # 01002 has no officer of its own; 02001 has
    assert found(inspection, Question(facility="02001"), OFFICER) == found(inspection, Question(facility="x"), OFFICER)
    assert found(inspection, Question(numbers=(OTHER,), act="refused"), OFFICER) == []


def test_what_happened_at_no_facility_is_for_an_officer_above_all_the_others(
    inspection: Inspection, known: RecordStore
) -> None:
    assert found(inspection, Question(act="sign-in"), ABOVE) == []  # 02001 has an officer whom nobody is above
    save(known, place("02001", "SYT01"))
    assert found(inspection, Question(act="sign-in"), ABOVE) == [5]
    assert found(inspection, Question(act="sign-in"), OFFICER) == []


def test_the_rule_is_the_same_for_who_reads_single_events(
    known: RecordStore, inspection: Inspection, log: AuditLog
) -> None:
    """As the API does, for an officer's app."""
    everything = inspection.search(AUDITOR, Question()).entries
    reading = trail(known, log)
    for errand in (OFFICER, ABOVE):
        seen = {one.seq for one in inspection.search(errand, Question()).entries}
        assert {one.seq for one in everything if reading.read(errand, one.seq) is not None} == seen
        assert {one.seq for one in reading.search(errand, Asked(since=NOON, until=NOON + 50)).entries} == seen
    nobodys = replace(OFFICER, actor=replace(OFFICER.actor, facility=""))
    assert reading.search(nobodys, Asked()).entries == []


def test_a_long_period_is_gone_through_by_patient_only(inspection: Inspection) -> None:
    long = Question(since=TODAY - timedelta(days=60), until=TODAY)
    with pytest.raises(Refused) as refused:
        inspection.search(AUDITOR, long)
    assert refused.value.status == 422 and refused.value.issues[0].key == "inspection.period"
    assert found(inspection, replace(long, record="p1")) == [1, 3, 6, 8, 9]
    assert found(inspection, replace(long, since=TODAY - timedelta(days=30))) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "question", [Question(act="everything"), Question(record="p1", since=TODAY, until=TODAY - timedelta(days=1))]
)
def test_what_cannot_be_searched_for_is_refused(inspection: Inspection, question: Question) -> None:
    with pytest.raises(Refused) as refused:
        inspection.search(AUDITOR, question)
    assert refused.value.status == 422


@pytest.mark.parametrize("edge", [date.min, date.max])
def test_days_at_the_end_of_all_days_are_searched(inspection: Inspection, edge: date) -> None:
    assert found(inspection, Question(since=edge)) == found(inspection, Question(until=edge)) == []


def test_others_are_refused_and_it_is_told(inspection: Inspection, store: RecordStore) -> None:
    citizen = Errand(staff("cd", "citizen", "", person="p1"), "PATRQT", channel="screen")
    single = replace(AUDITOR, actor=replace(AUDITOR.actor, assurance="single"))
    for errand in (DOCTOR, citizen, single, replace(AUDITOR, actor=replace(AUDITOR.actor, role="gone"))):
        with pytest.raises(Refused) as refused:
            inspection.search(errand, Question())
        assert refused.value.status == 403
    sealer(store).settle()
    denied = inspection.search(AUDITOR, Question(act="refused", who="bs")).entries
    assert [one.event.actor for one in denied] == ["user/bs"]


def test_the_search_itself_is_in_the_log_with_what_was_asked(inspection: Inspection, store: RecordStore) -> None:
    found(inspection, Question(numbers=(NUMBER,), who="an"), OFFICER)
    found(inspection, Question(numbers=("999999999999",)), OFFICER)
    sealer(store).settle()
    told = inspection.search(AUDITOR, Question(who="po")).entries
    assert [one.event.what for one in told] == [
        "AuditEvent?patient=999999999999", f"AuditEvent?patient={NUMBER}&who=an"
    ]  # fmt: skip
    assert [one.patient for one in told] == ["", "p1"]  # the citizen sees who looked at the log, too


def test_pages_go_through_all_of_it_once(
    known: RecordStore, inspection: Inspection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.record(rows([event(n, 0, actor="user/many") for n in range(100, 200)]))
    sealer(known).settle()
    monkeypatch.setattr(trails, "MOST_LOOKED_AT", 30)
    seen: list[int] = []
    before, pages = None, 0
    while pages == 0 or before is not None:
        page = inspection.search(AUDITOR, Question(who="many"), before)
        seen += [one.seq for one in page.entries]
        before, pages = page.before, pages + 1
    assert len(seen) == len(set(seen)) == 100 and seen == sorted(seen, reverse=True) and pages > 3


@pytest.mark.parametrize("before", [0, 2, 10**18])
def test_any_place_is_a_place_to_go_on_from(inspection: Inspection, before: int) -> None:
    assert len(inspection.search(AUDITOR, Question(until=TODAY), before).entries) == {0: 0, 2: 1}.get(before, 8)


def test_a_period_long_ago_is_found_without_going_through_what_came_since(
    known: RecordStore, inspection: Inspection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.record(rows([event(n, 0, time=NOON + 30 * DAY + n) for n in range(100, 400)]))
    sealer(known).settle()
    monkeypatch.setattr(trails, "MOST_LOOKED_AT", 20)
    page = inspection.search(AUDITOR, Question(since=TODAY, until=TODAY, who="moc"))
    assert [one.event.actor for one in page.entries] == ["user/moc"] and page.before is None


def test_a_table_is_signed_and_runs_as_no_formula(inspection: Inspection, log: AuditLog, store: RecordStore) -> None:
    made = inspection.export(AUDITOR, Question(since=TODAY, until=TODAY))
    lines = list(csv.DictReader(StringIO(made.table.decode())))
    assert len(lines) == 8 and any(line["what"].startswith("'=cmd") for line in lines)
    note = Note.parse(made.note)
    assert note.signed_by(log.verifier) is not None
    _, digest, number, _, asked = note.text.splitlines()
    assert digest == b64encode(sha256(made.table).digest()).decode() and number == "lines 8"
    assert asked == "asked AuditEvent?since=2026-01-01&until=2026-01-01"
    with pytest.raises(BadNote):
        Checkpoint.parse(note.text)
    with pytest.raises(BadNote):
        Note(note.text.replace("lines 8", "lines 7"), note.signatures).signed_by(log.verifier)
    sealer(store).settle()
    taken = inspection.search(AUDITOR, Question(act="export", who="kt")).entries
    assert taken and {(one.event.activity, one.event.channel) for one in taken} == {("export", "export")}


def test_a_table_is_checked_without_us(inspection: Inspection, log: AuditLog, tmp_path: Path) -> None:
    made = inspection.export(AUDITOR, Question(record="p1"))
    table = tmp_path / "t.csv"
    table.write_bytes(made.table)
    (tmp_path / "t.csv.note").write_text(made.note, "utf-8")

    def checked(key: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(CHECK), str(table), str(key)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    fine = checked(log.verifier)
    assert fine.returncode == 0 and "lines 5" in fine.stdout, fine
    assert "not signed by" in checked(Signer.of("other", bytes(32)).verifier).stderr
    assert "the signature of" in checked(Signer.of(SIGNER.name, bytes(32)).verifier).stderr
    assert checked("nonsense").returncode == 1
    table.write_bytes(made.table.replace(b"user/an", b"user/bn"))
    assert "the table was changed" in checked(log.verifier).stderr


def test_an_officer_takes_nothing_out(inspection: Inspection, store: RecordStore) -> None:
    with pytest.raises(Refused) as refused:
        inspection.export(OFFICER, Question())
    assert refused.value.status == 403
    sealer(store).settle()
    assert found_kinds(inspection, Question(act="refused", who="po")) == ["search"]


def found_kinds(inspection: Inspection, question: Question) -> list[str]:
    return [one.event.kind for one in inspection.search(AUDITOR, question).entries]


def test_the_log_signs_no_checkpoint_for_anybody(log: AuditLog) -> None:
    with pytest.raises(ValueError):
        log.sign(f"{SIGNER.name}\n9\nAAAA\n")
