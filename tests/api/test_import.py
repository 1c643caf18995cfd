"""Imports of many records: checked as single writes, counted, gone on with after a stop, and nothing fetched."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.api.caller import Answer, Caller

from hoso.access.audit.event import legible
from hoso.access.audit.journal import PlainJournal
from hoso.access.bulk import Sheets
from hoso.api.app import application
from hoso.api.definitions import spare
from hoso.api.links import Seal
from hoso.core import system_clock
from hoso.exchange.imports import Imports, Runner
from hoso.store.imports import ImportTable
from hoso.store.record_store import RecordStore

NDJSON = "application/fhir+ndjson"
ASYNC = {"Prefer": "respond-async"}
COUNTS = ("read", "stored", "unchanged", "rejected")


@dataclass
class Bulk:
    """A server with imports, whose work is done when a test says so."""

    call: Caller
    store: RecordStore
    folder: Path
    spare: int = 0
    later: timedelta = timedelta()
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.table, journal = ImportTable(self.store.engine), PlainJournal(self.store)
        imports = Imports(self.table, self.sheets, journal, self.now, lambda: f"i-{next(self.numbers)}")
        seal = Seal(b"k" * 32)
        self.call.app = application(
            self.call.records, self.call.tokens, seal, self.call.settings, trail=self.call.trail, imports=imports
        )

    @property
    def sheets(self) -> Sheets:
        return Sheets(self.folder / "imports", b"s" * 32, self.spare)

    def now(self) -> datetime:
        return system_clock() + self.later

    def runner(self) -> Runner:
        return Runner(self.call.records, self.table, self.sheets, self.now, spare)

    def work(self) -> None:
        while self.runner().step():
            pass

    def upload(self, lines: list[Any] | bytes, by: Caller | None = None) -> str:
        body = lines if isinstance(lines, bytes) else b"".join(_line(one) + b"\n" for one in lines)
        answer = (by or self.call)("POST", "$import-file", body, Content_Type=NDJSON)
        assert answer.status == 201 and answer.json["url"] == answer.headers["Location"], answer.body
        url: str = answer.json["url"]
        return url

    def begin(self, *inputs: tuple[str, str], by: Caller | None = None) -> str:
        answer = self.asked([{"type": type, "url": url} for type, url in inputs], by=by)
        assert (answer.status, answer.body) == (202, b""), answer.body
        return answer.headers["Content-Location"]

    def asked(self, inputs: Any, by: Caller | None = None, **more: Any) -> Answer:
        body = {"inputFormat": NDJSON, "inputSource": "https://his.example.vn", "input": inputs, **more}
        return (by or self.call)("POST", "$import", body, Content_Type="application/json", **ASYNC)

    def imported(self, type: str, lines: list[Any] | bytes) -> tuple[list[int], list[dict[str, Any]]]:
        """The counts of one file, and the outcomes of its refused lines."""
        where = self.begin((type, self.upload(lines)))
        self.work()
        result = self.call("GET", where).json
        (output,) = result["output"]
        assert result["complete"] is True and output["count"] == output["stored"] + output["unchanged"]
        return [output[name] for name in COUNTS], [one for error in result["error"] for one in self.refused(error)]

    def refused(self, error: dict[str, Any]) -> list[dict[str, Any]]:
        answer = self.call("GET", error["url"])
        assert answer.headers["Content-Type"] == NDJSON and int(answer.headers["Content-Length"]) == len(answer.body)
        return [json.loads(line) for line in answer.body.splitlines()]

    def left(self) -> list[Path]:
        return [path for path in (self.folder / "imports").rglob("*") if not path.is_dir()]


def _line(one: Any) -> bytes:
    return one if isinstance(one, bytes) else json.dumps(one).encode()


@pytest.fixture
def bulk(call: Caller, store: RecordStore, tmp_path: Path) -> Bulk:
    return Bulk(call, store, tmp_path)


def patient(n: int, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": f"p{n}", "birthDate": "1980-02-03", **more}


def keys(outcomes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(one["issue"][0]["location"][0], one["issue"][0]["diagnostics"]) for one in outcomes]


def test_the_way_of_an_import(bulk: Bulk) -> None:
    people = bulk.upload([patient(n) for n in range(450)])
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    seen = bulk.upload([{**observation, "subject": {"reference": "Patient/p1"}, "valueString": str(n)} for n in (1, 2)])
    assert not any(b"birthDate" in path.read_bytes() for path in bulk.left()), "nothing lies open on the disk"
    where = bulk.begin(("Patient", people), ("Observation", seen))
    waits = bulk.call("GET", where)
    assert (waits.status, waits.headers["X-Progress"]) == (202, "0 of 2 files, 0 lines")
    assert waits.headers["Retry-After"]
    bulk.work()
    done = bulk.call("GET", where)
    assert (done.status, done.headers["Content-Type"]) == (200, "application/json") and "Expires" in done.headers
    result = done.json
    assert result["request"] == "http://hoso.test/fhir/$import" and result["error"] == [] and result["complete"] is True
    assert [(one["type"], one["inputUrl"], one["count"], one["read"]) for one in result["output"]] == [
        ("Patient", people, 450, 450), ("Observation", seen, 2, 2),
    ]  # fmt: skip
    assert bulk.call("GET", "Patient?_summary=count").json["total"] == 450
    assert bulk.left() == [], "what is stored is not kept twice"
    assert bulk.asked([{"type": "Patient", "url": people}]).keys == ["import.no-file"], "a file is taken once"
    assert bulk.call("DELETE", where).status == 202 and bulk.call("GET", where).keys == ["import.none"]


def test_the_same_again_changes_nothing_and_what_differs_is_a_version(bulk: Bulk) -> None:
    nameless = {"resourceType": "Basic", "code": {"text": "x"}}
    assert bulk.imported("Patient", [patient(n) for n in range(3)])[0] == [3, 3, 0, 0]
    assert [bulk.imported("Basic", [nameless])[0] for _ in range(2)] == [[1, 1, 0, 0], [1, 0, 1, 0]]
    assert bulk.imported("Patient", [patient(0), patient(1, active=True), patient(1)])[0] == [3, 2, 1, 0]
    assert [bulk.call("GET", f"Patient/p{n}").json["meta"]["versionId"] for n in range(3)] == ["1", "3", "1"]
    assert bulk.call("GET", "Basic?_summary=count").json["total"] == 1
    bulk.call("DELETE", "Patient/p0")
    assert bulk.imported("Patient", [patient(0)])[0] == [1, 1, 0, 0]


def test_each_line_is_held_to_what_a_write_by_itself_is(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.exchange.imports.lines.MOST_LINE", 900)
    lines = [
        b"\xef\xbb\xbf" + _line(patient(1)), b"", b"{", patient(2), _line(patient(3))[:-20], b"[]", b"null",
        {"resourceType": "Observation", "id": "o"}, patient(4, birthDate="soon"), patient(5, id="a b"),
        patient(6, managingOrganization={"reference": "Organization?identifier=x"}),
        b'{"resourceType":"Patient","a":\xff}', patient(8, name=[{"text": "x" * 1_000}]), b"  \t", patient(7),
    ]  # fmt: skip
    counts, outcomes = bulk.imported("Patient", lines)
    assert counts == [13, 3, 0, 10]
    assert keys(outcomes) == [
        ("line 3", "json.malformed"), ("line 5", "json.malformed"), ("line 6", "json.not-an-object"),
        ("line 7", "json.not-an-object"), ("line 8", "rest.wrong-type"), ("line 9", "validate.primitive.date"),
        ("line 10", "validate.primitive.id"), ("line 11", "rest.search-reference"), ("line 12", "json.not-utf8"),
        ("line 13", "import.long-line"),
    ]  # fmt: skip
    assert outcomes[5]["issue"][0]["expression"] == ["Patient.birthDate"]
    assert sorted(one["id"] for one in bulk.call("GET", "Patient").resources) == ["p1", "p2", "p7"]


def test_a_file_that_was_cut_off_is_read_to_its_end(bulk: Bulk) -> None:
    whole = b"\n".join(_line(patient(n)) for n in range(3))
    assert bulk.imported("Patient", whole)[0] == [3, 3, 0, 0]
    counts, outcomes = bulk.imported("Patient", whole[:-10])
    assert (counts, keys(outcomes)) == ([3, 0, 2, 1], [("line 3", "json.malformed")])


def test_what_cannot_be_meant_is_refused_at_the_kick_off(bulk: Bulk) -> None:
    url = bulk.upload([patient(1)])
    one = {"type": "Patient", "url": url}
    for inputs, key in (
        ([], "import.manifest"), ("x", "import.manifest"), ([one, one], "import.manifest"), ([{}], "import.manifest"),
        ([{**one, "type": "Pony"}], "import.manifest"), ([{**one, "type": "AuditEvent"}], "import.manifest"),
        ([{**one, "url": "http://169.254.169.254/"}], "import.elsewhere"), ([{**one, "url": 1}], "import.elsewhere"),
        ([{**one, "url": "file:///etc/passwd"}], "import.elsewhere"), ([{**one, "url": url + "x"}], "import.no-file"),
        ([{**one, "url": url + "/../1"}], "import.no-file"), ([one] * 101, "import.manifest"),
    ):  # fmt: skip
        answer = bulk.asked(inputs)
        assert (answer.status in (400, 404), answer.keys) == (True, [key]), (inputs, answer.body)
    assert bulk.asked([one], inputFormat="text/csv").keys == ["import.manifest"]
    assert bulk.asked([one], storageDetail={"type": "https"}).keys == ["rest.unknown-parameter"]
    plain = bulk.call("POST", "$import", {"inputFormat": NDJSON, "input": [one]}, Content_Type="application/json")
    assert plain.keys == ["import.async"]
    for method, path, status in (
        ("GET", "$import", 405), ("GET", "$import-status/none", 404), ("DELETE", "$import-status/none", 404),
        ("GET", "$import-refused/none/1", 404), ("GET", "$import-refused/none/x", 404), ("GET", "$import-file", 405),
    ):  # fmt: skip
        assert bulk.call(method, path).status == status, path
    for body, kind, key in (
        (b"{}", "application/fhir+json", "import.file-type"), (b"", NDJSON, "import.empty"),
        (b"\n \n", NDJSON, "import.empty"), (b"x" * 2_000_001, NDJSON, "rest.too-large"),
    ):  # fmt: skip
        assert bulk.call("POST", "$import-file", body, Content_Type=kind).keys == [key]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "POST", "url": "$import"}}]}
    assert bulk.call("POST", "", batch, **ASYNC).json["entry"][0]["response"]["status"] == "400 Bad Request"
    assert bulk.table.first() is None


def test_the_manifest_may_be_parameters(bulk: Bulk) -> None:
    url = bulk.upload([patient(1)])
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "inputFormat", "valueCode": NDJSON}, {"name": "inputSource", "valueUri": "https://his.example.vn"},
        {"name": "input", "part": [{"name": "type", "valueCode": "Patient"}, {"name": "url", "valueUrl": url}]},
    ]}  # fmt: skip
    answer = bulk.call("POST", "$import", body, **ASYNC)
    assert answer.status == 202
    bulk.work()
    assert bulk.call("GET", answer.headers["Content-Location"]).json["output"][0]["stored"] == 1


def test_an_import_is_its_callers_with_the_rights_it_was_asked_with(bulk: Bulk) -> None:
    url = bulk.upload([patient(1)])
    feeder = bulk.call.holding("system/Patient.ru", "feeder")
    assert bulk.asked([{"type": "Patient", "url": url}], by=feeder).keys == ["import.no-file"], "another's file"
    for scope in ("system/Patient.u system/Basic.ru", "system/Patient.rs system/Basic.ru", "system/Basic.cruds"):
        other = bulk.call.holding(scope, "feeder")
        mine = bulk.upload([patient(1)], by=other)
        assert bulk.asked([{"type": "Patient", "url": mine}], by=other).keys == ["import.forbidden"]
    reader = bulk.call.holding("system/*.rs", "reader")
    assert reader("POST", "$import-file", _line(patient(1)), Content_Type=NDJSON).keys == ["import.forbidden"]
    where = bulk.begin(("Patient", bulk.upload([patient(1)], by=feeder)), by=feeder)
    bulk.work()
    assert bulk.call("GET", where).keys == bulk.call("DELETE", where).keys == ["import.none"]
    assert feeder("GET", where).json["output"][0]["stored"] == 1


class Killed(BaseException):
    """The process is killed."""


@pytest.mark.parametrize("place", ["before it is told", "after it is told", "at the refused lines"])
def test_an_import_that_was_stopped_in_the_middle_goes_on_without_doubles(
    bulk: Bulk, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[Any] = [patient(n) for n in range(700)]
    lines[250] = b"{"
    lines[450] = b"["
    where = bulk.begin(("Patient", bulk.upload(lines)))
    advanced, times = ImportTable.advanced, count(1)

    def dying(table: ImportTable, *told: Any) -> bool:
        third = next(times) == 3
        if third and place == "before it is told":
            raise Killed
        done = advanced(table, *told)
        if third and place == "after it is told":
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(ImportTable, "advanced", dying)
        if place == "at the refused lines":
            patched.setattr(Sheets, "create", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            bulk.runner().step()
    assert bulk.call("GET", where).status == 202
    bulk.work()
    result = bulk.call("GET", where).json
    assert [result["output"][0][name] for name in COUNTS] == [700, 698, 0, 2]
    assert keys(bulk.refused(result["error"][0])) == [("line 251", "json.malformed"), ("line 451", "json.malformed")]
    assert bulk.call("GET", "Patient?_summary=count").json["total"] == 698
    assert {one["meta"]["versionId"] for one in bulk.call("GET", "Patient?_count=1000").resources} == {"1"}


def test_one_that_is_cancelled_at_work_ends_and_what_is_stored_stays(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = bulk.begin(("Patient", bulk.upload([patient(n) for n in range(500)])))
    advanced = ImportTable.advanced

    def cancelled(table: ImportTable, *told: Any) -> bool:
        bulk.call("DELETE", where)
        return advanced(table, *told)

    monkeypatch.setattr(ImportTable, "advanced", cancelled)
    bulk.work()
    assert bulk.left() == [] and bulk.table.ids() == set()
    assert bulk.call("GET", "Patient?_summary=count").json["total"] == 20, "one batch"


def test_a_file_that_was_changed_gives_the_import_up_and_says_so(bulk: Bulk) -> None:
    where = bulk.begin(("Patient", bulk.upload([patient(1)])))
    (file,) = bulk.left()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    bulk.work()
    result = bulk.call("GET", where).json
    assert result["complete"] is False and result["outcome"]["issue"][0]["diagnostics"] == "import.uncounted"
    assert result["output"][0]["stored"] == 0 and bulk.left() == []


def test_a_disk_without_room_is_told_and_nothing_is_left(bulk: Bulk) -> None:
    bulk.spare = 1 << 62
    Bulk.__post_init__(bulk)
    answer = bulk.call("POST", "$import-file", _line(patient(1)), Content_Type=NDJSON)
    assert (answer.status, answer.keys) == (507, ["import.disk-full"])
    assert bulk.left() == [] and bulk.table.ids() == set()


def test_so_much_is_kept_for_one_caller_and_what_has_expired_is_gone(
    bulk: Bulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoso.exchange.imports.desk.FILES_OF_CALLER", 6)
    places = [bulk.begin(("Patient", bulk.upload([patient(n)]))) for n in range(5)]
    last = bulk.upload([patient(9)])
    assert bulk.call("POST", "$import-file", _line(patient(1)), Content_Type=NDJSON).keys == ["import.many-files"]
    refused = bulk.asked([{"type": "Patient", "url": last}])
    assert (refused.status, refused.keys) == (429, ["import.too-many"]) and refused.headers["Retry-After"]
    bulk.work()
    bulk.later = timedelta(hours=25)
    assert bulk.call("GET", places[0]).keys == ["import.none"]
    bulk.work()
    assert bulk.left() == [] and bulk.table.ids() == set()


def test_refused_lines_are_told_up_to_a_number_and_counted_beyond(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.exchange.imports.runner.OUTCOMES", 250)
    counts, outcomes = bulk.imported("Patient", b"{\n" * 700)
    assert counts == [700, 0, 0, 700]
    assert len(outcomes) == 251 and outcomes[-1]["issue"][0]["diagnostics"] == "import.more-refused"


def test_an_import_is_told_as_writes_are(bulk: Bulk) -> None:
    where = bulk.begin(("Patient", bulk.upload([patient(1), patient(2)])))
    bulk.work()
    bulk.call("DELETE", where)
    events = [event for text in bulk.store.told([]) if (event := legible(text))]
    assert [one.what for one in events if one.kind == "import"] == [
        "file i-0, 2 lines", "http://hoso.test/fhir/$import as i-1", "cancelled i-1",
    ]  # fmt: skip
    assert len([one for one in events if one.kind == "create" and one.patient]) == 2


def test_the_statement_names_imports_and_what_they_take(bulk: Bulk) -> None:
    operations = {one["name"]: one["definition"] for one in bulk.call("GET", "metadata").json["rest"][0]["operation"]}
    id = operations["import"].rpartition("/")[2]
    found = bulk.call("GET", f"OperationDefinition/{id}")
    assert found.status == 200 and found.json["url"] == operations["import"]
    assert bulk.call("POST", "OperationDefinition/$validate", found.body).keys == ["outcome.all-well"]
    assert bulk.call("PUT", f"OperationDefinition/{id}", found.json).status == 405
    assert bulk.imported("OperationDefinition", [found.json])[0] == [1, 0, 0, 1], "nor is it overwritten by an import"
