"""A node with identity at the door and its stewards, and invented people for it."""

from __future__ import annotations

from functools import partial
from typing import Any

import orjson
from tests.identity.test_arrive import CLIENT, Node, codes, patient

from hoso.access import Actor, AliasTable, CodeTable, Errand, Records, Scopes
from hoso.core import citizen_code, system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.code import Centre, Codes
from hoso.identity.leading import align
from hoso.identity.steward import Steward
from hoso.store.record_store import RecordStore

LAN = Actor("user/lan", Scopes.parse("user/*.cruds"))
MAI = Actor("user/mai", Scopes.parse("user/*.cruds"))
WHY = "compared the papers"


class Office(Node):
    """Also what stewards do; persons are named by one of their records."""

    def __init__(self, store: RecordStore, population: int = 0) -> None:
        super().__init__(store, population)
        tables = CodeTable(store.engine), AliasTable(store.engine)
        self.codes = Codes(*tables, system_clock, "test-node", Centre(bytes(32), bytes(range(32))))
        lead = partial(align, self.codes, store.people)
        self.records = Records(store, system_clock, Arrivals(self.matching, codes(), system_clock, lead))
        self.steward = Steward(self.records, self.codes, self.matching)

    def merge(self, one: str, other: str, actor: Actor = LAN) -> Any:
        return self.steward.merge(Errand(actor, "HOPERAT"), one, other, WHY)

    def unmerge(self, person: str) -> Any:
        return self.steward.unmerge(Errand(LAN, "HOPERAT"), person, WHY)

    def split(self, person: str, *records: str) -> Any:
        return self.steward.split(Errand(LAN, "HOPERAT"), person, records, WHY)

    def write(self, resource: dict[str, Any]) -> None:
        self.records.update(Errand(CLIENT, "TREAT"), resource["resourceType"], resource["id"], orjson.dumps(resource))

    def read(self, type: str, id: str) -> dict[str, Any]:
        version = self.records.read(Errand(CLIENT, "TREAT"), type, id)
        assert version is not None
        return dict(orjson.loads(version.body))

    def person(self, record: str) -> str:
        """The id of the person of a record."""
        (found,) = self.all(f"Patient?link=Patient/{record}&active=true")
        return str(found["id"])

    def code(self, person: str) -> str:
        found = self.read("Patient", person)["identifier"][0]
        assert found["system"] == citizen_code.SYSTEM
        return str(found["value"])


def observation(id: str, subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "Mạch"},
        "subject": {"reference": f"Patient/{subject}"}, "effectiveDateTime": "2026-03-01", **more,
    }  # fmt: skip


HANH = {"name": "Nguyễn Thị Minh Hạnh", "born": "1984-03-17", "number": "001184004711"}
HANH_TOO = {"name": "Nguyễn Minh Hạnh", "born": "1985-03-17"}
TAM = {"name": "Lê Văn Tám", "born": "1950-07-02", "sex": "male", "number": "001050009999"}


def two(office: Office) -> tuple[str, str]:
    """Two persons: `a` with records a and a2, the younger with b."""
    for id in ("a", "a2"):
        office.put(patient(id, **HANH))
    office.put(patient("b", **TAM))
    return office.person("a"), office.person("b")
