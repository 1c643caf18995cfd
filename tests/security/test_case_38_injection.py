"""Case 38: the name of a parameter, a sort key or a path is looked up in a list; none of it reaches a database."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlencode

import pytest
from tests.security.apps import Person
from tests.security.scene import Scene, told

NAMES = [
    "pk__password", "user__password", "field__regex", "name__regex", "name__startswith", "_connector", "_negated",
    "id__in", "name'", 'name"', "name;", "name--", "name) OR (1=1", "name` ", "$.name", "name->>'$.x'", "name[0]",
    "name[]", "name.$where", "__class__", "__proto__", "constructor", "family' OR '1'='1", "rid", "patient_key", "body",
    "name\x00", "name\r\nX-Evil: 1", "%00", "na\u200bme", "NAME", "\uff4e\uff41\uff4d\uff45",
]  # fmt: skip
VALUES = [
    "' OR 1=1 --", "'; DROP TABLE record; --", '" OR ""="', "\\' OR 1=1", "1) UNION SELECT token FROM token --",
    "x' || (SELECT body FROM record LIMIT 1) || '", "$1", "?", ":1", "%s", "%(x)s", "{0}", "{{7*7}}", "${7*7}",
    "x\x00y", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "a\\", "\u2019 OR 1=1", "/**/OR/**/1=1",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_case_38_a_parameter_that_is_not_in_the_list_is_refused(scene: Scene, name: str) -> None:
    for token in (scene.doctor, scene.site.token):
        for query in (f"{quote(name)}=x", f"_sort={quote(name)}", f"_include={quote(f'Patient:{name}')}",
                      f"_has:Observation:{quote(name)}:code=x", f"_has:Observation:patient:{quote(name)}=x",
                      f"general-practitioner.{quote(name)}=x"):  # fmt: skip
            answer = scene.get(f"Patient?{query}", token)
            assert answer.status == 400, (query, answer.body)
            assert answer.json["resourceType"] == "OperationOutcome" and "x-evil" not in answer.headers
            assert not any(word in answer.body.lower() for word in (b"sqlite", b"psycopg", b"syntax", b"traceback"))


@pytest.mark.parametrize("value", VALUES)
def test_case_38_a_value_is_only_compared(scene: Scene, value: str) -> None:
    """It finds as much as a word that nobody has, or is refused; and everything is still there."""
    for name in ("name", "name:exact", "name:contains", "identifier", "_id", "gender", "phone", "organization",
                 "birthdate", "_tag", "address-city", "_lastUpdated"):  # fmt: skip
        answer = scene.get(f"Patient?{urlencode({name: value})}", scene.site.token)
        assert answer.status in (200, 400), (name, answer.body)
        assert b'"s-own"' not in answer.body and b'"s-far"' not in answer.body, (name, value)
        body = urlencode({name: value}).encode()
        form = "application/x-www-form-urlencoded"
        posted = scene.ask("POST", "Patient/_search", body, scene.site.token, Content_Type=form)
        assert told(posted)[0] == answer.status
    assert scene.get("Patient/s-own", scene.site.token).status == 200


PATHS = [
    "Patient/%27%20OR%201=1", "Patient/x%00", "Patient/..%2f..%2fetc%2fpasswd", "Patient/%5C", "Patient/$.x",
    "Patient/s-own/_history/1%27--", "Patient/s-own/_history/%00", "Patient%27/x", "_history?_since=%27",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_case_38_nor_does_a_path_say_anything_to_it(scene: Scene, path: str) -> None:
    answer = scene.get(path, scene.site.token)
    assert answer.status in (400, 404) and answer.json["resourceType"] == "OperationOutcome"


FORMS = [
    {"login__regex": ".*", "password": "x"}, {"login": "' OR 1=1 --", "password": "' OR 1=1 --"},
    {"login": "mai", "password": "x", "is_active": "1", "role": "steward", "_connector": "OR 1=1 OR"},
    {"login": "mai\x00", "password": "x"}, {"login": "x" * 60_000, "password": "y"},
    {"login[$ne]": "", "password[$ne]": ""},
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=range(len(FORMS)))
def test_case_38_a_form_of_sign_in_is_no_query(scene: Scene, form: dict[str, str]) -> None:
    browser = Person(scene.site)
    answer = browser.post("/sign-in", browser.get("/"), **form)
    assert answer.status in (200, 400, 403, 429), answer.body[:300]
    assert browser.get("/connected-apps").status == 302


@pytest.mark.parametrize("query", ["q=%27%20OR%201%3D1--", "q=%00", "q__regex=.*", "page=-1", "page=1;drop", "q=%FF"])
@pytest.mark.parametrize("page", ["/", "/patients/s-own/timeline", "/reviews", "/connected-apps", "/me"])
def test_case_38_nor_is_a_page_moved_by_its_query(
    scene: Scene, person: Callable[[str], Person], page: str, query: str
) -> None:
    answer = person("mai").get(f"{page}?{query}")
    assert answer.status in (200, 302, 400, 403, 404), answer.body[:300]
    assert b"Xaxoi" not in answer.body
