"""The operations on persons over HTTP, on a node as `hoso serve` wires it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.api.people import HOSPITAL, NATIONAL, NUMBER, PERSON, STATION, parameters, patient
from tests.cli.serving import Server, running


def ask(server: Server, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
    status, text = server.request(method, f"/fhir/{path}", b"" if body is None else json.dumps(body).encode())
    return status, json.loads(text)


def feed(server: Server, system: str, value: str) -> str:
    numbers = [{"system": system, "value": value}, {"system": NATIONAL, "value": NUMBER}]
    status, stored = ask(server, "PUT", f"Patient?identifier={system}|{value}", patient(identifier=numbers))
    assert status == 201
    return str(stored["id"])


def test_a_citizen_of_two_facilities_is_matched_crossed_split_and_told_of(options: list[str], tmp_path: Path) -> None:
    with running(tmp_path / "node", *options) as server:
        one, other = feed(server, HOSPITAL, "H1"), feed(server, STATION, "S1")
        _, found = ask(server, "GET", f"Patient?_tag={PERSON}")
        (person,) = (entry["resource"] for entry in found["entry"])
        status, matched = ask(server, "POST", "Patient/$match", parameters(resource=patient(number=NUMBER)))
        assert status == 200 and [entry["resource"]["id"] for entry in matched["entry"]] == [person["id"]]
        status, crossed = ask(server, "GET", f"Patient/$ihe-pix?sourceIdentifier={HOSPITAL}|H1&targetSystem={STATION}")
        assert status == 200 and crossed["parameter"][0]["valueIdentifier"]["value"] == "S1"
        body = parameters(record=[{"reference": f"Patient/{other}"}], reason="another card")
        assert ask(server, "POST", f"Patient/{person['id']}/$split", body)[0] == 200
        status, crossed = ask(server, "GET", f"Patient/$ihe-pix?sourceIdentifier={HOSPITAL}|H1&targetSystem={STATION}")
        assert status == 200 and "parameter" not in crossed
        body = parameters(source_patient={"reference": f"Patient/{one}"},
                          target_patient={"reference": f"Patient/{other}"}, reason="x")  # fmt: skip
        assert ask(server, "POST", "Patient/$merge", body)[0] == 409
        assert "split" in kinds(server)
        assert ask(server, "POST", "Patient/$match", {"resourceType": "Parameters", "parameter": 1})[0] == 422
        assert server.request("POST", "/fhir/Patient/$match", b"x" * 10_000_000)[0] in (400, 413)
        assert server.stop() == 0


def kinds(server: Server) -> list[str]:
    """Of all events so far; a number is given a moment after the commit."""
    found: list[str] = []
    end = time.monotonic() + 30
    while "split" not in found and time.monotonic() < end:
        _, bundle = ask(server, "GET", "Patient/$link-events")
        headers = [entry["resource"]["entry"][0]["resource"] for entry in bundle.get("entry", ())]
        found = [header["reason"]["coding"][0]["code"] for header in headers]
    return found
