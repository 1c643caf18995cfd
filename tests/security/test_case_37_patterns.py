"""Case 37: texts on which patterns and searches take for ever, met by readers whose work grows with the text alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from tests.security.scene import Scene, patient
from tests.security.test_case_19_costly import SECONDS, cheaply, spent

LONG = 100_000
VALUES: dict[str, dict[str, Any]] = {
    "base64": {"photo": [{"contentType": "image/png", "data": "A" * LONG + "!"}]},
    "base64 in blanks": {"photo": [{"contentType": "image/png", "data": "AAAA " * (LONG // 5) + "!"}]},
    "base64 of the standard": {"photo": [{"contentType": "image/png", "data": "0A==" * 20 + "!"}]},
    "code": {"language": "a " * (LONG // 2) + "\t"},
    "id": {"contained": [{"resourceType": "Basic", "id": "a" * LONG + "!", "code": {"text": "x"}}]},
    "uri": {"implicitRules": "u" * LONG + " x"},
    "date": {"birthDate": "2" * LONG},
    "instant": {"meta": {"lastUpdated": "2026-01-01T00:00:00." + "0" * LONG + "!"}},
    "reference": {"generalPractitioner": [{"reference": "Practitioner/" * (LONG // 13) + "!"}]},
    "reference that is long": {"generalPractitioner": [{"reference": "http://" + "a/" * (LONG // 2) + "Patient/x y"}]},
    "narrative": {"text": {"status": "generated", "div": "<div " + "a='b' " * (LONG // 6) + "!"}},
    "narrative of brackets": {"text": {"status": "generated", "div": "<div>" + "<" * LONG}},
    "narrative of comments": {"text": {"status": "generated", "div": "<div><!--" + "-" * LONG}},
    "decimal": {"extension": [{"url": "urn:x", "valueString": " " * LONG + "\n"}]},
}


@pytest.mark.parametrize("name", VALUES)
def test_case_37_a_value_is_checked_in_the_time_of_its_length(scene: Scene, name: str) -> None:
    body = patient("s-slow", "Cham", "001180004037", **VALUES[name])
    answer = cheaply(scene, "PUT", "Patient/s-slow", body, scene.site.token)
    assert answer.status in (200, 201, 400, 422), answer.body[:500]


QUERIES = [
    "name=" + "%25" * 3000, "name:contains=" + "%25_" * 3000, "name:contains=" + "a" * 3000,
    "name=" + "%5C" * 3000, "name:exact=" + "'" * 3000, "address:contains=" + "%25a" * 2000,
    "identifier=" + ",".join(f"a|{n}" for n in range(5000)), "_id=" + ",".join(f"p{n}" for n in range(5000)),
    "birthdate=ge0001-01-01&birthdate=le9999-12-31", "birthdate=9999", "birthdate=ne9999-12-31", "birthdate=sa9999",
    "_lastUpdated=lt9999-12-31T23:59:59.999999%2B14:00", "birthdate=" + "1" * 5000, "birthdate=gt-0001",
    "_id=" + "a" * 50_000, "identifier=" + "|" * 10_000, "phone=" + "+" * 10_000, "name=" + "%F0%9F%98%80" * 1000,
    "general-practitioner=" + "Practitioner/" * 2000, "gender=" + "a%5C," * 3000,
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_case_37_a_search_is_answered_or_refused_at_once(scene: Scene, query: str) -> None:
    for token in (scene.doctor, scene.site.token):
        assert cheaply(scene, "GET", f"Patient?{query}", token=token).status in (200, 400, 414)


def test_case_37_a_pattern_in_a_search_is_a_text(scene: Scene) -> None:
    """`%` and `_` mean themselves, so nobody finds with them what they would not find by its letters."""
    scene.put(patient("s-percent", "Cham%pham_tram", "001180004038"))
    for text, found in (("Cham%25pham", True), ("Cham_pham", False), ("C%25m", False), ("%25", False), ("_", False)):
        for modifier in ("", ":contains", ":exact"):
            shown = scene.get(f"Patient?name{modifier}={text}&_id=s-percent", scene.site.token)
            assert shown.status in (200, 400)
            if not found:
                assert "entry" not in shown.json or (text in "%25_" and modifier == ":contains"), (text, modifier)


@pytest.mark.parametrize("expression", ["name.family.matches('(a+)+$')", "name.given.replaceMatches('(a|a)*$', '')"])
def test_case_37_fhirpath_of_a_caller_is_nowhere_evaluated(scene: Scene, expression: str) -> None:
    """Only expressions of the standard run on records; a caller's is refused as an unknown parameter is."""
    before = spent()
    for path in (f"Patient?_fhirpath={quote(expression)}", f"Patient/s-own?_fhirpath={quote(expression)}"):
        assert scene.get(path).status == 400
    body = {"resourceType": "Parameters", "parameter": [{"name": "expression", "valueString": expression}]}
    assert scene.ask("POST", "$fhirpath", body).status == 404
    assert spent() - before < SECONDS
