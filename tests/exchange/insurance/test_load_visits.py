"""Insurance XML as `hoso load` takes it: visits are stored, kept raw, found when they come again, never doubled."""

from __future__ import annotations

import base64
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.insurance.insurance_files import SIGNATURE, SUMMARY, Row, envelope, filed, inner, visit
from tests.identity.test_arrive import Node

from hoso import compose
from hoso.cli.load import load_paths
from hoso.exchange import sources
from hoso.exchange.door import LOADING, LoadDoor
from hoso.exchange.load import Outcome, Task, take
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore

RESULT = {"MA_LK": "LK001", "STT": "1", "MA_DICH_VU": "23.1", "TEN_CHI_SO": "Glucose", "GIA_TRI": "5.60"}
FACILITY = {
    "resourceType": "Organization",
    "id": "bv",
    "name": "Bệnh viện",
    "identifier": [{"system": "https://hoso.vn/sid/facility-code", "value": "01001"}],
}


class Here:
    """A node that takes files, without worker processes."""

    def __init__(self, store: RecordStore, folder: Path) -> None:
        self.node = Node(store)
        self._door = LoadDoor(self.node.records)
        self._folder = folder

    def load(self, content: bytes) -> Outcome:
        path = self._folder / "a.xml"
        path.write_bytes(content)
        whole = Outcome(None, 0)
        for arrival in sources.read(path):
            done = take(self._door, "en", Task(arrival))
            if done.waits:  # for a facility that is not here
                done = take(self._door, "en", Task(arrival, done.waits))
            rejects, warnings = whole.rejects + done.rejects, whole.warnings + done.warnings
            whole = Outcome(None, 0, whole.tally + done.tally, rejects, warnings)
        return whole

    def found(self, type: str) -> list[dict[str, Any]]:
        page = self.node.records.search(LOADING, parse(type, [("_count", "100")]))
        return [json.loads(one.body) for one in page.matches]


@pytest.fixture
def here(store: RecordStore, tmp_path: Path) -> Here:
    return Here(store, tmp_path)


def one_visit(*, row: Row = SUMMARY, results: bool = True) -> str:
    return visit({"XML1": [row], **({"XML4": [RESULT]} if results else {})})


def test_visits_are_stored_and_the_same_file_changes_nothing(here: Here) -> None:
    other = {**SUMMARY, "MA_LK": "LK002", "MA_HSBA": "BA0002"}
    content = envelope(one_visit(), one_visit(row=other))
    first = here.load(content)
    assert first.tally.total("rejected") == 0
    assert first.tally.counts["Encounter", "stored"] == 2
    second = here.load(content).tally
    assert (second.total("stored"), second.total("rejected")) == (0, 0)
    assert len(here.found("Patient")) == 1


def test_the_raw_input_is_kept_and_every_record_leads_to_it(here: Here) -> None:
    here.load(envelope(one_visit()))
    [raw], [provenance] = here.found("Binary"), here.found("Provenance")
    assert b"NOIDUNGFILE" in base64.b64decode(raw["data"])
    assert provenance["entity"][0]["what"]["identifier"]["value"] == raw["id"]
    targets = Counter(one["reference"].partition("/")[0] for one in provenance["target"])
    assert targets["Observation"] == 2 and targets["Encounter"] == 1 and targets["Patient"] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"MA_LK": "LK001-2", "NGAY_RA": "202607190900"},
        {"NGAY_VAO": "202607150900"},
        {"MA_HSBA": "BA0009"},
        {"CHAN_DOAN_RV": "Viêm phế quản"},
    ],
)
def test_a_correction_replaces_the_visit_also_under_another_number(here: Here, change: Row) -> None:
    here.load(envelope(one_visit()))
    corrected = here.load(envelope(one_visit(row={**SUMMARY, **change})))
    assert corrected.tally.total("rejected") == 0
    [encounter] = here.found("Encounter")
    assert encounter["meta"]["versionId"] == (
        "2" if change.keys() != {"CHAN_DOAN_RV"} else encounter["meta"]["versionId"]
    )
    assert len(here.found("Observation")) == 2
    here.load(envelope(one_visit(row={**SUMMARY, **change, "KET_QUA_DTRI": "1"})))
    assert len(here.found("Encounter")) == 1


def test_what_a_correction_has_no_more_is_marked_and_what_it_does_not_speak_of_stays(here: Here) -> None:
    drug = {"MA_LK": "LK001", "TEN_THUOC": "Amoxicillin"}
    drugs = {"XML2": [{**drug, "STT": "1"}, {**drug, "STT": "2"}]}
    whole = {"XML1": [{**SUMMARY, "MA_BENH_KT": "I10"}], "XML4": [RESULT], **drugs}
    here.load(envelope(visit(whole)))
    broken = f"<HOSO>{filed('XML1', inner('XML1', [SUMMARY]))}{filed('XML2', '@', plain=True)}</HOSO>"
    for content in (visit({"XML1": [SUMMARY]}), broken):
        here.load(envelope(content))
        assert Counter(one["status"] for one in here.found("MedicationRequest")) == {"completed": 2}
    corrected = envelope(visit({"XML1": [{**SUMMARY, "MA_BENH_KT": ""}], "XML2": drugs["XML2"][:1]}))
    here.load(corrected)
    assert Counter(one["status"] for one in here.found("MedicationRequest")) == {"completed": 1, "entered-in-error": 1}
    doubted = [one["verificationStatus"]["coding"][0]["code"] for one in here.found("Condition")]
    assert Counter(doubted) == {"provisional": 1, "confirmed": 1, "entered-in-error": 2}
    assert {one["status"] for one in here.found("Observation")} == {"final"}
    assert here.load(corrected).tally.total("stored") == 0
    assert here.load(envelope(visit(whole))).tally.total("stored") == 0  # the very file from before the correction
    here.load(envelope(visit(whole)).replace(b"<NGAYLAP>20260719", b"<NGAYLAP>20260720"))
    assert Counter(one["status"] for one in here.found("MedicationRequest")) == {"completed": 2}


def test_check_in_becomes_the_visit_that_it_was(here: Here) -> None:
    row = {name: SUMMARY[name] for name in ("MA_LK", "MA_BN", "HO_TEN", "NGAY_VAO", "MA_CSKCB", "MA_LOAI_KCB")}
    here.load(envelope(visit({"XML0": [row]})))
    assert [one["status"] for one in here.found("Encounter")] == ["in-progress"]
    here.load(envelope(one_visit()))
    assert [one["status"] for one in here.found("Encounter")] == ["finished"]


def test_a_facility_that_is_here_is_referred_to(here: Here) -> None:
    here.load(json.dumps(FACILITY).encode())
    here.load(envelope(one_visit()))
    [encounter] = here.found("Encounter")
    assert encounter["serviceProvider"]["reference"] == "Organization/bv"


def test_an_older_visit_leaves_the_patient_as_the_newer_one_knew_them(here: Here) -> None:
    older = {**SUMMARY, "MA_LK": "0", "MA_HSBA": "0", "NGAY_VAO": "202507150830", "NGAY_RA": "202507150930"}
    both = envelope(one_visit(row={**older, "DIEN_THOAI": "0912345678"}), one_visit(row={**SUMMARY, "DIEN_THOAI": ""}))
    here.load(both)
    [patient] = here.found("Patient")
    assert "telecom" not in patient
    assert here.load(both).tally.total("stored") == 0
    here.load(envelope(one_visit(row={**SUMMARY, "DIEN_THOAI": "0987654321"})))
    [patient] = here.found("Patient")
    assert patient["telecom"][0]["value"] == "0987654321"


def test_the_same_citizen_from_two_facilities_is_one_person(here: Here) -> None:
    elsewhere = {**SUMMARY, "MA_BN": "7788", "MA_CSKCB": "79001", "HO_TEN": "NGUYỄN THỊ HỒNG ÁNH"}
    here.load(envelope(one_visit(), one_visit(row=elsewhere)))
    assert [len(group) for group in here.node.groups()] == [2]


def test_a_number_of_the_guardian_links_no_child_to_the_parent(here: Here) -> None:
    child = {**SUMMARY, "MA_BN": "2", "MA_HSBA": "2", "HO_TEN": "Trần Gia Bảo", "NGAY_SINH": "202003120000"}
    here.load(envelope(one_visit(), one_visit(row={**child, "GIOI_TINH": "1", "MA_THE_BHYT": ""})))
    assert sorted(len(group) for group in here.node.groups()) == [1, 1]


def test_a_visit_without_a_facility_is_its_senders(here: Here) -> None:
    done = here.load(envelope(one_visit(row={**SUMMARY, "MA_CSKCB": "", "NGAY_VAO": "", "NGAY_RA": "x"})))
    assert done.tally.total("rejected") == 0
    [encounter], [provenance] = here.found("Encounter"), here.found("Provenance")
    assert encounter["serviceProvider"]["identifier"]["value"] == "01001"
    assert provenance["agent"][0]["who"]["identifier"]["value"] == "01001"


def test_faults_are_told_with_their_visit_and_the_rest_goes_in(here: Here) -> None:
    second = inner("XML1", [{**SUMMARY, "MA_LK": "2", "MA_HSBA": "2"}])
    broken = f"<HOSO>{filed('XML1', second)}{filed('XML4', '@', plain=True)}</HOSO>"
    nobody = one_visit(row={**SUMMARY, "MA_BN": ""})
    odd = one_visit(row={**SUMMARY, "MA_LK": "4", "MA_HSBA": "4", "NGAY_TTOAN": "hôm qua"})
    report = here.load(envelope(one_visit(), broken, nobody, odd))
    assert report.tally.counts["Encounter", "stored"] == 3
    rejects = [json.loads(line) for line in report.rejects]
    assert [(one["line"], one["outcome"]["issue"][0]["expression"]) for one in rejects] == [
        (2, ["HOSO[2].XML4"]),
        (3, ["HOSO[3].XML1[1].MA_BN"]),
    ]
    mended = rejects[1]["original"]
    assert here.load(mended.encode()).tally.counts["?", "rejected"] == 1
    warnings = [json.loads(line) for line in report.warnings]
    assert {one["line"] for one in warnings} == {3, 4}
    assert warnings[-1]["outcome"]["issue"][0]["expression"] == ["HOSO[4].XML1[1].NGAY_TTOAN"]


def test_a_file_that_breaks_off_gives_what_came_before(here: Here) -> None:
    whole = envelope(one_visit(), one_visit(row={**SUMMARY, "MA_LK": "2", "MA_HSBA": "2"}))
    report = here.load(whole[: whole.rindex(b"</NOIDUNGFILE>")])
    assert (report.tally.counts["Encounter", "stored"], report.tally.total("rejected")) == (1, 1)
    few = here.load(envelope(one_visit()).replace(b"<SOLUONGHOSO>1", b"<SOLUONGHOSO>3"))
    assert few.tally.total("rejected") == 1
    assert "3" in json.loads(few.rejects[0])["reason"]


def test_hiv_is_labelled_and_the_raw_input_is_closed(here: Here) -> None:
    row = {**SUMMARY, "MA_BENH_CHINH": "B20", "CHAN_DOAN_RV": "Bệnh HIV"}
    content = envelope(one_visit(row=row), signature=SIGNATURE)
    here.load(content)
    assert here.load(content).tally.total("stored") == 0
    codes = {
        one["id"]: {label["code"] for label in one.get("meta", {}).get("security", ())}
        for one in here.found("Condition")
    }
    assert sum("HIV" in found for found in codes.values()) == 1
    [raw] = here.found("Binary")
    assert "RESTRICTED" in {label["code"] for label in raw["meta"]["security"]}


def test_the_command_takes_a_file_of_visits_and_says_what_it_warns_of(tmp_path: Path) -> None:
    compose.create(tmp_path / "node")
    odd = one_visit(row={**SUMMARY, "NGAY_TTOAN": "hôm qua"})
    (tmp_path / "in").mkdir()
    (tmp_path / "in/visits.xml").write_bytes(envelope(odd))
    report = load_paths(tmp_path / "node", [tmp_path / "in"], workers=1)
    assert report.tally.counts["Encounter", "stored"] == 1
    assert report.warnings is not None and "NGAY_TTOAN" in report.warnings.read_text("utf-8")
    assert str(report.warnings) in str(report)
