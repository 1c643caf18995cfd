"""A facility's node on each engine that sends when a test says so, with a clock that a test may put forward."""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.access.test_telling import events
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, visit
from tests.exchange.insurance.test_load_visits import FACILITY, RESULT, Here
from tests.exchange.outbound.gates import NAME, SECRET

from hoso.access.audit import Event
from hoso.access.audit.journal import PlainJournal
from hoso.access.labelling import Labelling
from hoso.access.outbound.calling import Calling
from hoso.access.outbound.destinations import Destination, Destinations
from hoso.access.outbound.means import Means
from hoso.access.subscribing.delivering import Patience
from hoso.access.subscribing.headers import Safe
from hoso.access.telling import Teller
from hoso.core import system_clock
from hoso.exchange.door import LOADING
from hoso.exchange.outbound.desk import Outbox
from hoso.exchange.outbound.gateway import GatewayWay
from hoso.exchange.outbound.prepare import Preparing
from hoso.exchange.outbound.runner import Runner
from hoso.exchange.outbound.server import ServerWay
from hoso.exchange.outbound.shapes import Sending
from hoso.exchange.signing import Seals
from hoso.fhir.json import encode
from hoso.store.outbound import OutboundTable
from hoso.store.record_store import RecordStore

CODE = "01001"
DRUG: Row = {"MA_LK": "LK001", "STT": "1", "TEN_THUOC": "Amoxicillin", "LIEU_DUNG": "2 viên"}


class SendersHouse:
    """With one visit, of a person with a result and a medicine."""

    def __init__(
        self, store: RecordStore, folder: Path, url: str, *, form: Any = "insurance-xml", key: bytes = b"s" * 32
    ):
        self.authorities: Path | None = None
        self.key_folder = folder
        self.store, self.here, self.later = store, Here(store, folder), timedelta()
        self.records, self.journal = self.here.node.records, PlainJournal(store)
        self.put(FACILITY)
        self.here.load(envelope(visit({"XML1": [SUMMARY], "XML2": [DRUG], "XML4": [RESULT]})))
        self.visit = str(self.here.found("Encounter")[0]["id"])
        self.table = OutboundTable(store.engine)
        self.outbox = self.made(key)
        self.register(url, form)

    def made(self, key: bytes = b"s" * 32) -> Outbox:
        """As by a process that starts."""
        teller, calling = Teller(self.journal, self.now), Calling(self.now, self.authorities)
        destinations = Destinations(self.table, Safe(key), teller, self.now)
        preparing = Preparing(
            self.records, teller, "test-node", "http://here.test/fhir", self.now, Seals(self.key_folder)
        )
        server = ServerWay(calling)
        runner = Runner(
            self.table, destinations, preparing,
            {"insurance-xml": GatewayWay(calling), "fhir": server, "fhir-collection": server},
            teller, self.now, Patience(7, lambda: 1.0),
        )  # fmt: skip
        return Outbox(self.table, destinations, preparing, runner, teller, self.now)

    def register(self, url: str, form: Any = "insurance-xml", name: str = "bhxh", **more: Any) -> None:
        wanted = Destination(
            name, form, url, more.get("address", ""), CODE, "HPAYMT", "Contract 12/2026", NAME, "4750", 0, None
        )
        self.outbox.destinations.add(LOADING, wanted, more.get("means", Means(SECRET)))

    def now(self) -> datetime:
        return system_clock() + self.later

    def ask(self, name: str = "bhxh", *visits: str, **more: Any) -> str:
        """The id of the one sending."""
        [id] = self.outbox.ask(LOADING, name, visits or (self.visit,), partial=True, **more).sendings
        return id

    def work(self, hours: float = 0) -> None:
        """What is due after so many hours more."""
        self.later += timedelta(hours=hours)
        self.outbox.runner.step(lambda lane, destination, doubtful: self.outbox.runner.work(lane) is None)

    def stands(self, id: str) -> Sending:
        found = self.outbox.find(id)
        assert found is not None
        return found

    def keys(self, id: str) -> list[str]:
        return [one.key for one in self.stands(id).issues]

    def put(self, resource: dict[str, Any]) -> None:
        self.records.update(LOADING, resource["resourceType"], resource["id"], encode(resource))

    def change(self, words: str = "Ho, sốt cao") -> None:
        """Of the visit, that it was for something else."""
        self.put({**self.found("Encounter")[0], "reasonCode": [{"text": words}]})

    def found(self, type: str) -> list[dict[str, Any]]:
        return self.here.found(type)

    def label(self, type: str, id: str, name: str = "HIV") -> None:
        desk = Labelling(self.store, self.journal, system_clock)
        desk.change(LOADING, type, id, raised=[name], words="it was said at the bedside")

    def told(self, kind: str) -> list[Event]:
        return [one for one in events(self.store) if one.kind == kind]


def tables(body: bytes) -> str:
    """All inner tables of a file as text."""
    files = re.findall(r"<NOIDUNGFILE>(.*?)</NOIDUNGFILE>", body.decode())
    return "\n".join(base64.b64decode(one).decode() for one in files)


def observation(person: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "late", "status": "final", "code": {"text": "Chỉ số"},
        "valueString": "bình thường", "subject": {"reference": f"Patient/{person}"},
    }  # fmt: skip


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
