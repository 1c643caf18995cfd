"""Two databases that differ only in what a narrowed token may not see answer it alike, byte for byte.

The clock stands still and ids are given, so that nothing else can differ but the ids of Bundles and the seals of pages.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.api.caller import Answer, Caller, Settings

from hoso.access import Actor, Records, Scopes, Tokens
from hoso.access.grain import Context
from hoso.access.scope import read
from hoso.api.app import application
from hoso.api.links import Seal
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
REQUESTS = 4_000
BOTH: tuple[Context, ...] = ("patient", "system")


def observation(id: str, patient: str, category: str, code: str, value: float, visit: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2026-10-{int(value) % 27 + 1:02}",
        "valueQuantity": {"value": value},
    }
    return made | ({"encounter": {"reference": f"Encounter/{visit}"}} if visit else {})


def patient(id: str, name: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, "name": [{"family": name}], "gender": "female"}


def encounter(id: str, patient: str) -> dict[str, Any]:
    kind = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    return {
        "resourceType": "Encounter", "id": id, "status": "finished", "class": kind,
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip


SHOWN = [
    patient("p1", "An"),
    encounter("e1", "p1"),
    *(observation(f"lab{n}", "p1", "laboratory", f"c{n % 3}", n * 1.5, "e1") for n in range(6)),
]
HIDDEN_BY_CATEGORY = [observation(f"vital{n}", "p1", "vital-signs", f"c{n % 4}", n * 2.5, "e1") for n in range(7)]
HIDDEN_BY_PATIENT = [
    patient("p2", "Binh"),
    encounter("e2", "p2"),
    *(observation(f"other{n}", "p2", "laboratory", f"c{n % 3}", n * 1.25, "e2") for n in range(5)),
]
CATEGORY_TOKEN = Actor(
    "client/lab",
    Scopes.of(read("system/Observation.cruds?category=laboratory system/Patient.rs system/Encounter.rs", BOTH)),
)
PATIENT_TOKEN = Actor("user/mai", Scopes.of(read("patient/*.cruds", BOTH)), patient="p1")

IDS = ("lab0", "lab5", "vital0", "vital3", "other0", "nothing", "p1", "p2", "e1", "e2")
PAIRS = (
    "patient=p1", "patient=p2", "patient=p1,p2", "code=c0", "code=c1,c3", "code:not=c0", "category=vital-signs",
    "category=laboratory", "category:not=laboratory", "value-quantity=gt3", "value-quantity=lt9", "date=ge2026-10-05",
    "date=lt2026-10-08", "encounter=e1", "encounter=e2", "encounter:missing=true", "_id=lab1,vital1,other1",
    "patient:Patient.name=Binh", "patient.name=An", "encounter:Encounter.status=finished", "_sort=code", "_sort=-date",
    "_sort=-value-quantity", "_count=2", "_count=0", "_total=accurate", "_summary=count",
    "_include=Observation:encounter", "_include=Observation:patient", "_include=*",
    "_revinclude=Observation:encounter", "status=final",
)  # fmt: skip
OF_PATIENT = (
    "_has:Observation:patient:code=c3", "_has:Observation:patient:category=vital-signs", "name=An", "name=Binh",
    "_has:Observation:patient:value-quantity=gt7", "_has:Encounter:patient:_has:Observation:encounter:code=c3",
    "_revinclude=Observation:patient", "_revinclude=*", "_revinclude=Encounter:patient", "_id=p1,p2", "_total=accurate",
    "_summary=count", "gender=female",
)  # fmt: skip


COMPARTMENT = ("$everything", "Observation", "*", "Encounter?_total=accurate")


def requests(seed: int) -> list[tuple[str, str, Any]]:
    """What an app might ask; the writes among it are tried in both databases and change them alike."""
    dice = random.Random(seed)

    def one() -> tuple[str, str, Any]:
        id, type = dice.choice(IDS), dice.choice(("Observation", "Observation", "Patient", "Encounter"))
        match dice.randrange(12):
            case 0 | 1:
                return dice.choice(("GET", "HEAD")), f"{type}/{id}", None
            case 2:
                return "GET", f"{type}/{id}/_history{dice.choice(('', '/1', '/2', '?_count=1'))}", None
            case 3:
                return "GET", dice.choice(("Observation/_history", "_history", "Patient/_history?_count=3")), None
            case 4:
                return (
                    "GET",
                    f"Patient/{id}/{dice.choice(('$everything', 'Observation', '*', 'Encounter?_total=accurate'))}",
                    None,
                )
            case 5 | 6:
                pairs = dice.sample(OF_PATIENT, dice.randint(1, 3))
                return "GET", f"Patient?{'&'.join(pairs)}", None
            case 7:
                entries = [{"request": {"method": "GET", "url": f"{type}/{dice.choice(IDS)}"}} for _ in range(4)]
                return "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}
            case 8:
                changed = observation(
                    id, dice.choice(("p1", "p2")), dice.choice(("laboratory", "vital-signs")), "c9", 4
                )
                return "PUT", f"Observation/{id}", changed
            case 9:
                return "DELETE", f"Observation/{dice.choice(('vital0', 'other0', 'nothing'))}", None
            case _:
                pairs = dice.sample(PAIRS, dice.randint(1, 4))
                return "GET", f"Observation?{'&'.join(pairs)}", None

    return [one() for _ in range(REQUESTS)]


def asked(store: RecordStore, actor: Actor, hidden: list[dict[str, Any]]) -> Caller:
    """A server holding what is shown and what is hidden, asked by the actor."""
    caller = Caller(store)
    for one in [*SHOWN, *hidden]:
        assert caller("PUT", f"{one['resourceType']}/{one['id']}", one).status == 201
    caller.records = Records(store, lambda: NOW)
    caller.tokens = Tokens(TokenTable(store.engine), lambda: NOW, issued=lambda token: actor)
    caller.settings = Settings()
    caller.app = application(caller.records, caller.tokens, Seal(b"k" * 32), caller.settings)
    caller.token = "an-app"
    return caller


def plain(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """Without what is random in any case: the seal of a page, and the id of a Bundle."""
    body = re.sub(rb"_page=[^\"&]+", b"_page=", _UUID.sub(b"", answer.body))
    return answer.status, sorted(pair for pair in answer.headers.items() if pair[0] != "Content-Length"), body


_UUID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.mark.parametrize(
    ("actor", "hidden"),
    [(CATEGORY_TOKEN, HIDDEN_BY_CATEGORY), (PATIENT_TOKEN, HIDDEN_BY_PATIENT)],
    ids=["category", "patient"],
)
def test_what_is_hidden_changes_no_answer(
    engine: str, make_store: Callable[..., RecordStore], actor: Actor, hidden: list[dict[str, Any]]
) -> None:
    bare = asked(make_store(engine, clock=lambda: NOW), actor, [])
    full = asked(make_store(engine, clock=lambda: NOW), actor, hidden)
    for method, path, body in requests(20_261_126):
        one, other = bare(method, path, body), full(method, path, body)
        assert plain(one) == plain(other), f"{method} {path} {json.dumps(body)[:200]}"
        assert one.status < 500
