"""What the cases are told about: a patient of one's own and a foreign one, behind the real server.

The foreign facts have two states. What somebody may not see moves from one to the other; no answer to them may move
with it, and an operator's must, or the question would prove nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.security.apps import Answer, App, Person, Site

from hoso.fhir.systems import FACILITY_CODE, PERSONAL_NUMBER
from hoso.web.oauth import registry

HOME, ELSEWHERE = "35001", "35002"
OWN_NUMBER, FOREIGN_NUMBER = "001180004001", "001180004002"
SCOPE = "user/*.cruds"
LABEL = "https://hoso.vn/CodeSystem/label"
_CHANGING = ("date", "content-length")
_PAGE = re.compile(r"_page=[^&\"]+")


def patient(id: str, name: str, number: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient", "id": id, "name": [{"family": name}], "gender": "female", "birthDate": "1980-02-03",
        "identifier": [{"system": PERSONAL_NUMBER, "value": number}], **more,
    }  # fmt: skip


def visit(id: str, of: str, facility: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id, "status": "in-progress",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{of}"},
        "serviceProvider": {"identifier": {"system": FACILITY_CODE, "value": facility}},
    }  # fmt: skip


def observation(id: str, of: str, value: float = 3, code: str = "2345-7", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{of}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "valueQuantity": {"value": value}, **more,
    }  # fmt: skip


def labelled(id: str, of: str, value: float, label: str = "PRIVATE_NOTE") -> dict[str, Any]:
    return observation(id, of, value, meta={"security": [{"system": LABEL, "code": label}]})


LISTED = ("Observation/s-own-1", "Observation/s-far-1", "Patient/s-far")
FIXED = (
    patient("s-own", "Sân", OWN_NUMBER), visit("s-visit-own", "s-own", HOME), observation("s-own-1", "s-own", 1),
    observation("s-own-2", "s-own", 2, hasMember=[{"reference": "Observation/s-far-1"}]),
    {
        "resourceType": "List", "id": "s-list", "status": "current", "mode": "working",
        "subject": {"reference": "Patient/s-own"},
        "entry": [{"item": {"reference": one}} for one in LISTED],
    },
)  # fmt: skip
BEFORE = (
    patient("s-far", "Xaxoi", FOREIGN_NUMBER), visit("s-visit-far", "s-far", ELSEWHERE),
    observation("s-far-1", "s-far", 3), labelled("s-hiv-1", "s-own", 3, "HIV"), observation("s-far-2", "s-far", 4),
)  # fmt: skip
AFTER = (
    patient("s-far", "Gankia", "001180004003", gender="male", birthDate="1950-01-01"),
    visit("s-visit-far", "s-far", ELSEWHERE) | {"status": "arrived"},
    observation("s-far-1", "s-far", 30, "718-7"), labelled("s-hiv-1", "s-own", 30, "HIV") | {
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}},
)  # fmt: skip
GONE = "Observation/s-far-2"
"""Is there before, and not after."""


@dataclass
class Scene:
    site: Site
    doctor: str
    """A token of the doctor at 35001, who is tied to s-own alone, by an app that is cleared for no label."""
    tokens: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, token: str = "", **headers: str) -> Answer:
        return self.site.ask("GET", f"/fhir/{path}", token=token or self.doctor, **headers)

    def ask(self, method: str, path: str, body: Any = b"", token: str = "", **headers: str) -> Answer:
        sent = body if isinstance(body, bytes | dict) else json.dumps(body).encode()
        return self.site.ask(method, f"/fhir/{path}" if path else "/fhir", sent, token or self.doctor, **headers)

    def put(self, *resources: dict[str, Any]) -> None:
        """By the operator."""
        for one in resources:
            answer = self.ask("PUT", f"{one['resourceType']}/{one['id']}", one, self.site.token)
            assert answer.status in (200, 201), answer.body

    def ids(self, path: str, token: str = "") -> set[str]:
        answer = self.get(path, token)
        assert answer.status == 200, (path, answer.body)
        return {one["resource"]["id"] for one in answer.json.get("entry", []) if "resource" in one}

    @contextmanager
    def moved(self) -> Iterator[None]:
        """What is hidden from the doctor is otherwise meanwhile."""
        self.put(*AFTER)
        assert self.ask("DELETE", GONE, token=self.site.token).status in (200, 204)
        try:
            yield
        finally:
            self.put(*BEFORE)

    def unmoved(self, queries: list[str], token: str = "", *, control: bool = True) -> None:
        """No answer says which state the hidden facts are in; with `control`, each of the operator's does."""
        mine = [told(self.get(query, token)) for query in queries]
        theirs = [told(self.get(query, self.site.token)) for query in queries]
        with self.moved():
            for query, before, plain in zip(queries, mine, theirs, strict=True):
                assert told(self.get(query, token)) == before, query
                assert not control or told(self.get(query, self.site.token)) != plain, f"{query} proves nothing"

    def as_absent(self, method: str, hidden: str, absent: str, body: Any = b"", **headers: str) -> Answer:
        """The same answer for both paths, which differ in as many letters as they have in common places."""
        assert len(hidden) == len(absent)
        words = [(a, b) for a, b in zip(hidden.split("/"), absent.split("/"), strict=True) if a != b]
        one, other = self.ask(method, hidden, body, **headers), self.ask(method, absent, body, **headers)
        text = one.body.decode()
        for mine, none in words:
            text = text.replace(mine.partition("?")[0], none.partition("?")[0])
        assert one.status == other.status, (method, hidden, one.body, other.body)
        assert text == other.body.decode(), (method, hidden)
        assert seen(one) == seen(other), (method, hidden)
        return one


def seen(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in _CHANGING}


def told(answer: Answer) -> tuple[int, Any]:
    """What an answer says, without what differs between any two answers to one question."""
    if not answer.body.startswith(b"{"):
        return answer.status, answer.body
    text = json.loads(_PAGE.sub("_page=", answer.body.decode()))
    if text.get("resourceType") == "Bundle":
        text.pop("id", None)
        text.pop("meta", None)
    return answer.status, text


def bearer(site: Site, browser: Person, scope: str = SCOPE, labels: Sequence[str] = ()) -> str:
    """A token of an app that somebody let in; it is cleared for no label but these."""
    made = site.client(scopes=scope, approved=False)
    registry.approve(made.client_id, "test", labels=list(labels))
    return str(App(site, made.client_id, scope).tokens(browser)["access_token"])


def by_number(number: str) -> str:
    return f"identifier={quote(f'{PERSONAL_NUMBER}|{number}')}"
