"""`$match` as another system calls it: over HTTP, signed in, against the register that stands in the store."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import orjson

from bench import node
from bench.figures import Figures
from bench.scores import percentile
from bench.simulator.form import Patient
from hoso.access import Draft, Origin
from hoso.core import system_clock
from hoso.fhir.systems import RECORD_KIND
from hoso.identity.match import Policy, default_model
from hoso.identity.matching import Matching
from hoso.identity.seek import seek
from hoso.store.record_store import RecordStore

ASKED = 2_000


def prepare(store: RecordStore, patients: Sequence[Patient]) -> None:
    """Gives a text to every person that an answer will show; the register was filled without any."""
    matching, people = Matching(default_model(), Policy(), system_clock), store.people
    shown: dict[int, Patient] = {}
    for patient in patients:
        described = matching.describe(patient)
        decided = matching.decide(described, seek(people, described), people)
        shown |= dict.fromkeys(decided.persons, patient)
    ids = people.ids(shown)
    tag = {"tag": [{"system": RECORD_KIND, "code": "person"}]}
    for person, patient in shown.items():
        drawn = {**patient, "id": ids[person], "meta": tag}
        draft = Draft("PUT", "Patient", drawn["id"], orjson.dumps(drawn), drawn)
        store.save([draft], Origin("client/bench", "SYSADMIN"))


def measure(figures: Figures, engine: str, folder: Path, patients: Sequence[Patient]) -> None:
    """Rows `match.http.ENGINE`: one client that asks, and asks again when it has its answer."""
    with node.served(folder) as served:
        client, headers = served.client(), served.headers()
        took, answered = [], 0
        before = node.cpu_seconds(node.tree(served.pid))
        for place, patient in enumerate(patients):
            body = json.dumps({"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": patient}]})
            start = time.perf_counter()
            client.request("POST", "/fhir/Patient/$match", body, headers)
            answer = client.getresponse()
            text = answer.read()
            if place >= len(patients) // 8:  # before that, pages and statements are read for the first time
                took.append((time.perf_counter() - start) * 1_000)
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {text[:400]!r}")
            answered += bool(json.loads(text).get("entry"))
        client.close()
        cpu = node.cpu_seconds(node.tree(served.pid)) - before
        memory = node.resident_mb(node.tree(served.pid))
    figures.add(f"match.http.{engine}.p50_ms", percentile(took, 0.5), "ms")
    figures.add(f"match.http.{engine}.p99_ms", percentile(took, 0.99), "ms")
    figures.add(f"match.http.{engine}.cpu_ms", 1_000 * cpu / len(patients), "ms")
    figures.add(f"match.http.{engine}.answered", answered / len(patients), "")
    figures.add(f"match.http.{engine}.rss_mb", memory, "MB")
