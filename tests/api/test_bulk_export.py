"""Exports of many records: whole, in time, after a stop, under the caller's view, and nothing left when they fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.api.caller import Answer, Caller

from hoso.access.audit.event import legible
from hoso.access.audit.journal import PlainJournal
from hoso.access.bulk import Exports, Runner, Sheets
from hoso.api.app import application
from hoso.api.links import Seal
from hoso.api.subset import dresser
from hoso.core import system_clock
from hoso.store.exports import ExportTable
from hoso.store.record_store import RecordStore

ASYNC = {"Prefer": "respond-async"}


@dataclass
class Bulk:
    """A server with exports, whose work is done when a test says so."""

    call: Caller
    store: RecordStore
    folder: Path
    spare: int = 0
    later: timedelta = timedelta()
    numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.table, journal = ExportTable(self.store.engine), PlainJournal(self.store)
        exports = Exports(self.table, self.sheets, journal, self.now, lambda: f"job-{next(self.numbers)}")
        self.call.app = application(
            self.call.records, self.call.tokens, Seal(b"k" * 32), self.call.settings, trail=self.call.trail,
            exports=exports,
        )  # fmt: skip

    @property
    def sheets(self) -> Sheets:
        return Sheets(self.folder / "exports", b"s" * 32, self.spare)

    def now(self) -> datetime:
        return system_clock() + self.later

    def runner(self) -> Runner:
        return Runner(self.store, self.table, self.sheets, PlainJournal(self.store), self.now, dresser)

    def work(self) -> None:
        while self.runner().step():
            pass

    def begin(self, path: str, by: Caller | None = None, method: str = "GET", body: Any = None) -> str:
        answer = (by or self.call)(method, path, body, **ASYNC)
        assert (answer.status, answer.body) == (202, b""), answer.body
        return answer.headers["Content-Location"]

    def exported(self, path: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
        """Kicked off, carried out and fetched."""
        where = self.begin(path, **more)
        self.work()
        found = self.fetched(where, more.get("by"))
        assert (more.get("by") or self.call)("DELETE", where).status == 202
        return found

    def fetched(self, where: str, by: Caller | None = None) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for output in (by or self.call)("GET", where).json["output"]:
            answer = (by or self.call)("GET", output["url"])
            assert answer.headers["Content-Type"] == "application/fhir+ndjson"
            assert int(answer.headers["Content-Length"]) == len(answer.body)
            lines = [json.loads(line) for line in answer.body.splitlines()]
            assert len(lines) == output["count"] and {line["resourceType"] for line in lines} == {output["type"]}
            found.setdefault(output["type"], []).extend(lines)
        return found

    def left(self) -> list[Path]:
        return [path for path in (self.folder / "exports").rglob("*") if not path.is_dir()]


@pytest.fixture
def bulk(call: Caller, store: RecordStore, tmp_path: Path) -> Bulk:
    made = Bulk(call, store, tmp_path)
    for n in range(3):
        call("PUT", f"Patient/p{n}", {"resourceType": "Patient", "id": f"p{n}", "birthDate": f"198{n}", "active": True})
        for m in range(4):
            call("PUT", f"Observation/o{n}-{m}", observation(f"o{n}-{m}", f"p{n}", "final" if m else "amended"))
    call("PUT", "Organization/org", {"resourceType": "Organization", "id": "org", "name": "Bệnh viện"})
    call("PUT", "Observation/nobody", {**observation("nobody", "p0"), "subject": {"reference": "Device/d"}})
    members = [{"entity": {"reference": "Patient/p0"}}, {"entity": {"reference": "Patient/p1/_history/1"}},
               {"entity": {"reference": "Patient/p2"}, "inactive": True}]  # fmt: skip
    call("PUT", "Group/g", {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "member": members})
    return made


def observation(id: str, patient: str, status: str = "final") -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id, "status": status, "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"}, "valueQuantity": {"value": 1.5},
    }  # fmt: skip


def ids(found: dict[str, list[dict[str, Any]]]) -> dict[str, set[str]]:
    for lines in found.values():
        assert len({line["id"] for line in lines}) == len(lines), "a record once"
    return {type: {line["id"] for line in lines} for type, lines in found.items()}


def test_each_level_exports_what_is_its_own(bulk: Bulk) -> None:
    observations = {f"o{n}-{m}" for n in range(3) for m in range(4)}
    everybody = {"Patient": {"p0", "p1", "p2"}, "Observation": observations, "Group": {"g"}}
    whole = everybody | {"Organization": {"org"}, "Observation": observations | {"nobody"}}
    assert ids(bulk.exported("$export")) == whole
    members = {"Patient": {"p0", "p1"}, "Observation": {one for one in observations if one[1] in "01"}, "Group": {"g"}}
    assert ids(bulk.exported("Group/g/$export")) == members
    found = ids(bulk.exported("Patient/$export"))
    assert {type: found.get(type) for type in ("Patient", "Observation")} == {
        type: everybody[type] for type in ("Patient", "Observation")
    }
    assert "Organization" not in found


def test_the_way_of_an_export(bulk: Bulk) -> None:
    before = datetime.now(UTC)
    where = bulk.begin("$export?_type=Patient,Observation")
    waits = bulk.call("GET", where)
    assert (waits.status, waits.body, waits.headers["X-Progress"]) == (202, b"", "waiting") and waits.headers[
        "Retry-After"
    ]
    bulk.work()
    done = bulk.call("GET", where)
    assert (done.status, done.headers["Content-Type"]) == (200, "application/json") and "Expires" in done.headers
    manifest = done.json
    assert manifest["request"] == "http://hoso.test/fhir/$export?_type=Patient,Observation"
    assert manifest["requiresAccessToken"] is True and manifest["error"] == []
    assert datetime.fromisoformat(manifest["transactionTime"]) <= before
    assert [(one["type"], one["count"]) for one in manifest["output"]] == [("Patient", 3), ("Observation", 13)]
    text = bulk.call("GET", manifest["output"][0]["url"])
    assert text.body.splitlines()[0] == bulk.call("GET", "Patient/p0").body, "the very bytes that a read sends"
    assert not any(b"birthDate" in path.read_bytes() for path in bulk.left()), "nothing lies open on the disk"
    assert bulk.call("DELETE", where).status == 202
    for gone in (where, manifest["output"][0]["url"]):
        assert (bulk.call("GET", gone).status, bulk.call("GET", gone).keys) == (404, ["bulk.none"])
    assert bulk.left() == []


def test_what_is_asked_for_is_what_comes(bulk: Bulk) -> None:
    assert bulk.exported("$export?_type=Observation&_since=2990-01-01T00:00:00Z") == {}
    kept = ids(bulk.exported(f"$export?_type=Observation,Patient&_typeFilter={quote('Observation?status=amended')}"))
    assert kept["Observation"] == {"o0-0", "o1-0", "o2-0"} and len(kept["Patient"]) == 3
    under = quote("Observation?status:below=http://hl7.org/fhir/observation-status|amended")
    assert ids(bulk.exported(f"$export?_type=Observation&_typeFilter={under}"))["Observation"] == kept["Observation"]
    either = quote("Observation?status=amended,Observation?_id=o1-0,o1-1", safe="")
    assert ids(bulk.exported(f"$export?_type=Observation&_typeFilter={either}"))["Observation"] == {
        "o0-0", "o1-0", "o2-0", "o1-1",
    }  # fmt: skip
    parts = bulk.exported("$export?_type=Patient,Observation&_elements=Patient.birthDate,id")
    assert set(parts["Patient"][0]) == {"resourceType", "id", "meta", "birthDate", "active"}
    assert set(parts["Observation"][0]) == {"resourceType", "id", "meta", "status", "code"}
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueString": "Patient"}, {"name": "patient", "valueReference": {"reference": "Patient/p1"}},
        {"name": "patient", "valueReference": {"reference": "Patient/p2"}},
    ]}  # fmt: skip
    assert ids(bulk.exported("Patient/$export", method="POST", body=body)) == {"Patient": {"p1", "p2"}}
    assert ids(bulk.exported("Group/g/$export", method="POST", body=body)) == {"Patient": {"p1"}}


def test_what_was_deleted_since_is_told(bulk: Bulk) -> None:
    since = datetime.now(UTC) - timedelta(hours=1)
    for path in ("Observation/o0-1", "Observation/o2-3", "Observation/nobody", "Observation/o0-2"):
        assert bulk.call("DELETE", path).status == 204
    assert bulk.call("PUT", "Observation/o0-2", observation("o0-2", "p0")).status == 201
    for path, gone in (
        ("$export", {"Observation/o0-1", "Observation/o2-3", "Observation/nobody"}),
        ("Patient/$export", {"Observation/o0-1", "Observation/o2-3"}),
        ("Group/g/$export", {"Observation/o0-1"}),
    ):
        where = bulk.begin(f"{path}?_type=Patient,Observation&_since={quote(since.isoformat())}")
        bulk.work()
        manifest = bulk.call("GET", where).json
        (listed,) = manifest["deleted"]
        assert (listed["type"], listed["count"]) == ("Bundle", 1)
        (line,) = bulk.call("GET", listed["url"]).body.splitlines()
        told = json.loads(line)
        assert told["type"] == "transaction" and {one["request"]["method"] for one in told["entry"]} == {"DELETE"}
        assert {one["request"]["url"] for one in told["entry"]} == gone
        assert {one["type"] for one in manifest["output"]} == {"Patient", "Observation"}
    where = bulk.begin("$export?_type=Observation")
    bulk.work()
    assert bulk.call("GET", where).json["deleted"] == [], "of everything, nothing is gone"


def test_what_would_not_be_honoured_is_refused_at_the_kick_off(bulk: Bulk) -> None:
    for path, status, key in (
        ("$export?_type=Pony", 400, "rest.unknown-type"), ("$export?_type=AuditEvent", 400, "bulk.not-of-patients"),
        ("Patient/$export?_type=Organization", 400, "bulk.not-of-patients"),
        ("$export?pony=1", 400, "rest.unknown-parameter"),
        ("$export?_outputFormat=text/csv", 400, "bulk.format"), ("$export?_since=yesterday", 400, "rest.bad-date"),
        ("$export?_typeFilter=Patient", 400, "bulk.filter"), ("$export?_typeFilter=Pony%3Fa%3Db", 400, "bulk.filter"),
        ("$export?_typeFilter=Patient%3Fpony%3Db", 400, "search.unknown-parameter"),
        ("$export?_typeFilter=Patient%3Fgender:in%3Dhttp://x.vn/none", 400, "search.no-value-set"),
        ("$export?_typeFilter=Patient%3F_count%3D1", 400, "bulk.filter"),
        ("$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal", 400, "bulk.filter"),
        ("$export?_elements=Patient.pony", 400, "bulk.elements"),
        ("$export?patient=Patient/p0", 400, "rest.unknown-parameter"),
        ("$export?includeAssociatedData=LatestProvenanceResources", 400, "rest.unknown-parameter"),
        ("Group/none/$export", 404, "rest.not-found"), ("$export-status/none", 404, "bulk.none"),
        ("$export-file/none/1", 404, "bulk.none"), ("$export-file/none/x", 404, "bulk.none"),
    ):  # fmt: skip
        answer = bulk.call("GET", path, **ASYNC)
        assert (answer.status, answer.keys) == (status, [key]), (path, answer.body)
    assert bulk.call("GET", "$export").keys == ["bulk.async"]
    assert bulk.call("PUT", "$export", {}, **ASYNC).status == 405
    assert bulk.table.first() is None
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "$export"}}]}
    assert bulk.call("POST", "", batch, **ASYNC).json["entry"][0]["response"]["status"] == "400 Bad Request"


def test_an_export_is_its_callers_with_the_rights_it_was_asked_with(bulk: Bulk) -> None:
    narrow = bulk.call.holding("system/Observation.rs", "reader")
    assert narrow("GET", "$export?_type=Patient,Observation", **ASYNC).status == 403
    assert set(bulk.exported("$export", by=narrow)) == {"Observation"}
    where = bulk.begin("$export?_type=Observation", by=narrow)
    bulk.work()
    url = narrow("GET", where).json["output"][0]["url"]
    strangers = (
        bulk.call,
        bulk.call.holding("system/Observation.rs", "another"),
        bulk.call.holding("system/*.rs", "reader"),
    )
    for other in strangers:
        answers = [other("GET", where), other("DELETE", where), other("GET", url), other("GET", "$export-file/none/1")]
        assert [(one.status, one.keys) for one in answers] == [(404, ["bulk.none"])] * 4
    assert narrow("GET", url).status == 200
    assert bulk.call.holding("system/*.cud", "writer")("GET", "$export", **ASYNC).status == 403


def test_so_many_exports_of_one_caller_are_kept(bulk: Bulk) -> None:
    places = [bulk.begin("$export?_type=Patient") for _ in range(5)]
    refused = bulk.call("GET", "$export", **ASYNC)
    assert (refused.status, refused.keys) == (429, ["bulk.too-many"]) and refused.headers["Retry-After"]
    bulk.begin("$export?_type=Patient", by=bulk.call.holding("system/*.rs", "other"))
    bulk.call("DELETE", places[0])
    bulk.begin("$export?_type=Patient")


def test_an_export_that_was_stopped_in_the_middle_goes_on_and_is_whole(bulk: Bulk) -> None:
    class Gone(BaseException):
        """The process is killed."""

    def killed(type: str, names: Any) -> Callable[..., bytes]:
        raise Gone

    where = bulk.begin("$export?_type=Patient,Observation&_elements=Observation.value")
    id = where.rpartition("/")[2]
    dying = Runner(bulk.store, bulk.table, bulk.sheets, PlainJournal(bulk.store), bulk.now, killed)
    with pytest.raises(Gone):
        dying.step()
    assert [file.type for file in bulk.table.files(id)] == ["Patient"], "what is whole stays"
    half = bulk.sheets.create(id, 2)
    half.write([b"{}"] * 100_000)
    half.abandon()
    assert bulk.call("GET", where).status == 202
    bulk.work()
    assert {type: len(lines) for type, lines in bulk.fetched(where).items()} == {"Patient": 3, "Observation": 13}


def test_one_that_is_cancelled_at_work_leaves_nothing(bulk: Bulk) -> None:
    where = bulk.begin("$export?_type=Patient,Observation&_elements=id")

    def cancelled(type: str, names: Any) -> Callable[..., bytes]:
        if type:
            bulk.call("DELETE", where)
        return lambda version: version.body

    Runner(bulk.store, bulk.table, bulk.sheets, PlainJournal(bulk.store), bulk.now, cancelled).step()
    bulk.work()
    assert bulk.left() == [] and bulk.table.ids() == set()


def test_a_disk_without_room_is_told_and_nothing_is_left(bulk: Bulk) -> None:
    where = bulk.begin("$export")
    bulk.spare = 1 << 62
    bulk.work()
    answer = bulk.call("GET", where)
    assert (answer.status, answer.keys) == (507, ["bulk.disk-full"])
    assert bulk.left() == [] and bulk.table.files(where.rpartition("/")[2]) == []
    bulk.spare = 0
    again = bulk.begin("$export?_type=Patient")
    folder = bulk.folder / "exports" / again.rpartition("/")[2]
    folder.mkdir(parents=True)
    (folder / "1").symlink_to("/dev/full")
    bulk.work()
    assert bulk.call("GET", again).keys == ["bulk.disk-full"] and bulk.left() == []


def test_what_has_expired_is_gone_with_its_files(bulk: Bulk) -> None:
    where = bulk.begin("$export?_type=Patient")
    bulk.work()
    assert bulk.left() != []
    bulk.later = timedelta(hours=25)
    assert bulk.call("GET", where).status == 404
    bulk.work()
    assert bulk.left() == [] and bulk.table.ids() == set()


def test_a_file_that_was_changed_is_not_sent(bulk: Bulk) -> None:
    where = bulk.begin("$export?_type=Patient")
    bulk.work()
    (file,) = [path for path in bulk.left() if path.name == "1"]
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert bulk.call("GET", bulk.call("GET", where).json["output"][0]["url"]).keys == ["bulk.gone"]


def test_many_records_are_counted_and_cut_into_files(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.access.bulk.of_type.LINES", 1_000)
    for first in range(0, 2_400, 800):
        entries = [
            {
                "resource": {"resourceType": "Basic", "code": {"text": "x" * 200}},
                "request": {"method": "POST", "url": "Basic"},
            }
            for _ in range(first, first + 800)
        ]
        assert bulk.call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}).status == 200
    where = bulk.begin("$export?_type=Basic")
    bulk.work()
    assert [one["count"] for one in bulk.call("GET", where).json["output"]] == [1_000, 1_000, 400]
    assert len(ids(bulk.fetched(where))["Basic"]) == 2_400


def test_an_export_is_told_as_one_for_each_patient(bulk: Bulk) -> None:
    where = bulk.begin("$export?_type=Observation")
    bulk.work()
    bulk.fetched(where)
    bulk.call("DELETE", where)
    events = [event for text in bulk.store.told([]) if (event := legible(text)) and event.kind == "export"]
    assert {(event.channel, event.activity, event.outcome) for event in events} == {("export", "export", "ok")}
    words = [event.what for event in events if not event.patient]
    assert words == [
        "http://hoso.test/fhir/$export?_type=Observation as job-0", "Observation of job-0",
        "Observation file 1 of job-0", "cancelled job-0",
    ]  # fmt: skip
    patients = [version.rid for n in range(3) if (version := bulk.store.read("Patient", f"p{n}"))]
    assert [event.patient for event in events if event.patient] == patients
    assert bulk.call.holding("system/Patient.c", "no")("GET", "$export?_type=Patient", **ASYNC).status == 403
    denied = [event for text in bulk.store.told([]) if (event := legible(text)) and event.outcome == "denied"]
    assert [event.what for event in denied] == ["Patient/$export"]


def test_the_statement_names_the_exports(bulk: Bulk) -> None:
    statement = bulk.call("GET", "metadata").json
    assert statement["instantiates"] == ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]
    assert [one["name"] for one in statement["rest"][0]["operation"]] == ["graphql", "immds-forecast", "export"]
    answer: Answer = bulk.call("GET", "metadata", Accept="application/fhir+xml")
    assert b"bulkdata/OperationDefinition/group-export" in answer.body
