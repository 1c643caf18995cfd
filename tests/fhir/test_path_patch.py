"""FHIRPath Patch: each operation at the place its path finds; what cannot be done names the operation at fault."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from hoso.core import Refused
from hoso.fhir.path_patch import apply_path_patch, read_path_patch

TIME = {"extension": [{"url": "http://t", "valueDateTime": "1990-05-02T08:00:00+07:00"}]}
TWIN = {"extension": [{"url": "u", "valueCode": "x"}]}
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "meta": {"versionId": "3"},
    "birthDate": "1990-05-02",
    "_birthDate": TIME,
    "name": [
        {"use": "official", "family": "Lê", "given": ["Thị", None, "Hoa"], "_given": [None, TWIN, None]},
        {"use": "usual", "given": ["Hoa"]},
    ],
    "contact": [{"name": {"family": "Phạm"}, "telecom": [{"system": "phone", "value": "1"}]}],
    "multipleBirthInteger": 2,
    "extension": [{"url": "http://e", "valueString": "a"}],
}
OFFICIAL, USUAL = PATIENT["name"]
Change = dict[str, Any]


def operation(type: str, path: str, value: Change | None = None, **parts: str | int) -> dict[str, Any]:
    found: list[dict[str, Any]] = [{"name": "type", "valueCode": type}, {"name": "path", "valueString": path}]
    for name, given in parts.items():
        found.append({"name": name, ("valueInteger" if isinstance(given, int) else "valueString"): given})
    return {"name": "operation", "part": [*found, *([{"name": "value", **value}] if value is not None else [])]}


def patched(*operations: dict[str, Any], body: bytes = b"") -> dict[str, Any]:
    return dict(json.loads(text(*operations, body=body)))


def text(*operations: dict[str, Any], body: bytes = b"") -> bytes:
    patch = {"resourceType": "Parameters", "parameter": operations}
    return apply_path_patch(body or json.dumps(PATIENT).encode(), read_path_patch(json.dumps(patch).encode()))


def without(*names: str, **changed: Any) -> dict[str, Any]:
    return {name: value for name, value in (deepcopy(PATIENT) | changed).items() if name not in names}


BOTH = [{"name": "given", "valueString": "An"}, {"name": "given", "valueString": "Bình"}]
DONE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (operation("replace", "Patient.birthDate", {"valueDate": "1991"}), without("_birthDate", birthDate="1991")),
    (operation("delete", "Patient.birthDate.extension"), without("_birthDate")),
    (operation("delete", "birthDate"), without("birthDate", "_birthDate")),
    (operation("delete", "Patient.photo"), without()),
    (operation("add", "Patient", {"valueCode": "female"}, name="gender"), without(gender="female")),
    (
        operation("add", "Patient.meta", {"valueUri": "http://p"}, name="profile"),
        without(meta={"versionId": "3", "profile": ["http://p"]}),
    ),
    (
        operation("add", "Patient", {"valueHumanName": {"text": "Z"}}, name="name"),
        without(name=[OFFICIAL, USUAL, {"text": "Z"}]),
    ),
    (
        operation("add", "Patient.name.first()", {"valueString": "X"}, name="given"),
        without(name=[OFFICIAL | {"given": ["Thị", None, "Hoa", "X"], "_given": [None, TWIN, None, None]}, USUAL]),
    ),
    (
        operation(
            "add",
            "Patient.name[1].given[0]",
            {"part": [{"name": "url", "valueUri": "u"}, {"name": "value", "valueCode": "x"}]},
            name="extension",
        ),
        without(name=[OFFICIAL, USUAL | {"_given": [TWIN]}]),
    ),
    (
        operation(
            "add",
            "Patient",
            {"part": [{"name": "gender", "valueCode": "male"}, {"name": "name", "part": BOTH}]},
            name="contact",
        ),
        without(contact=[*PATIENT["contact"], {"gender": "male", "name": {"given": ["An", "Bình"]}}]),
    ),
    (
        operation(
            "add",
            "Patient",
            {"resource": {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}},
            name="contained",
        ),
        without(contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
    ),
    (
        operation("insert", "Patient.name[0].given", {"valueString": "Y"}, index=3),
        without(name=[OFFICIAL | {"given": ["Thị", None, "Hoa", "Y"], "_given": [None, TWIN, None, None]}, USUAL]),
    ),
    (
        operation("insert", "Patient.name", {"valueHumanName": {"text": "Z"}}, index=0),
        without(name=[{"text": "Z"}, OFFICIAL, USUAL]),
    ),
    (operation("move", "Patient.name", source=0, destination=1), without(name=[USUAL, OFFICIAL])),
    (operation("delete", "Patient.name.where(use = 'usual')"), without(name=[OFFICIAL])),
    (
        operation("delete", "Patient.name[0].given[1]"),
        without(name=[{"use": "official", "family": "Lê", "given": ["Thị", "Hoa"]}, USUAL]),
    ),
    (
        operation("delete", "Patient.contact.name.family"),
        without(contact=[{"telecom": PATIENT["contact"][0]["telecom"]}]),
    ),
    (
        operation("delete", "Patient.descendants().where($this is ContactPoint)"),
        without(contact=[{"name": {"family": "Phạm"}}]),
    ),
    (
        operation("replace", "Patient.multipleBirth", {"valueBoolean": True}),
        without("multipleBirthInteger", multipleBirthBoolean=True),
    ),
    (
        operation("replace", "Patient.extension('http://e').value", {"valueInteger": 3}),
        without(extension=[{"url": "http://e", "valueInteger": 3}]),
    ),
    (operation("delete", "Patient.extension('http://e')"), without("extension")),
]


def test_each_operation_does_what_r4_says() -> None:
    wrong = [(one["part"], found) for one, expected in DONE if (found := patched(one)) != expected]
    assert wrong == []


def test_operations_follow_one_another_and_decimals_keep_their_digits() -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":1.10},"note":[{"text":"a"}]}'
    found = text(
        operation("add", "Observation.value", {"valueString": "mg"}, name="unit"),
        operation("add", "Observation", {"part": [{"name": "text", "valueString": "b"}]}, name="note"),
        operation("delete", "Observation.note[0]"),
        operation("replace", "Observation.note.text", {"valueString": "c"}),
        body=body,
    )
    assert found == b'{"resourceType":"Observation","valueQuantity":{"value":1.10,"unit":"mg"},"note":[{"text":"c"}]}'


NO_PATCH = {"name": "operation", "part": [{"name": "type", "valueCode": "delete"}]}
TWICE = {"name": "operation", "part": [*operation("delete", "name")["part"], {"name": "path", "valueString": "x"}]}
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    (operation("fly", "Patient"), 400, "patch.unknown-path-operation"),
    (NO_PATCH, 400, "patch.member-missing"),
    (operation("replace", "Patient.birthDate"), 400, "patch.member-missing"),
    (operation("insert", "Patient.name", {"valueString": "a"}), 400, "patch.member-missing"),
    (TWICE, 400, "patch.bad-part"),
    ({"name": "x", "valueString": "y"}, 400, "patch.not-an-operation"),
    (operation("delete", "Patient.name["), 400, "patch.path-fault"),
    (operation("delete", "Patient.nome"), 422, "patch.path-fault"),
    (operation("delete", "Encounter.status"), 422, "patch.path-fault"),
    (operation("delete", "Patient.name"), 422, "patch.many-places"),
    (operation("replace", "Patient.photo", {"valueString": "a"}), 422, "patch.no-such-place"),
    (operation("insert", "Patient.photo", {"valueString": "a"}, index=0), 422, "patch.no-such-place"),
    (operation("delete", "'a' & 'b'"), 422, "patch.not-elements"),
    (operation("delete", "Patient"), 422, "patch.not-elements"),
    (operation("add", "Patient", {"valueDate": "1991"}, name="birthDate"), 422, "patch.exists"),
    (operation("add", "Patient", {"valueBoolean": True}, name="multipleBirth"), 422, "patch.exists"),
    (operation("add", "Patient", {"valueString": "a"}, name="nome"), 422, "patch.no-such-element"),
    (operation("add", "Patient", {"valueString": "a"}, name="resourceType"), 422, "patch.no-such-element"),
    (
        operation("add", "Patient", {"part": [{"name": "nome", "valueString": "a"}]}, name="contact"),
        400,
        "patch.bad-value",
    ),
    (operation("insert", "Patient.name", {"valueHumanName": {"text": "a"}}, index=3), 422, "patch.bad-index"),
    (operation("move", "Patient.name", source=0, destination=2), 422, "patch.bad-index"),
    (operation("move", "Patient.birthDate", source=0, destination=0), 422, "patch.no-list"),
    (operation("insert", "Patient.name.given", {"valueString": "a"}, index=0), 422, "patch.no-list"),
    (operation("replace", "Patient.id", {"valueId": "q"}), 422, "patch.frozen"),
    (operation("delete", "Patient.meta"), 422, "patch.frozen"),
    (operation("delete", "Patient.meta.versionId"), 422, "patch.frozen"),
    (
        operation("add", "Patient.meta", {"valueInstant": "2020-01-01T00:00:00Z"}, name="lastUpdated"),
        422,
        "patch.frozen",
    ),
    (
        operation("add", "Patient.id", {"part": [{"name": "url", "valueUri": "u"}]}, name="extension"),
        422,
        "patch.frozen",
    ),
]


def test_what_cannot_be_done_says_why() -> None:
    wrong = [(one, found) for one, *expected in REFUSED if (found := refusal(one)) != expected]
    assert wrong == []


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        (b'{"resourceType":"Patient"}', 400, "patch.not-parameters"),
        (b'{"resourceType":"Parameters"}', 400, "patch.not-parameters"),
        (b'{"resourceType":"Parameters","parameter":[{"valueString":"a"}]}', 422, "validate.required"),
        (b"[]", 400, "json.not-an-object"),
    ],
)
def test_what_is_no_patch_is_not_read(body: bytes, status: int, key: str) -> None:
    with pytest.raises(Refused) as caught:
        read_path_patch(body)
    assert (caught.value.status, caught.value.issues[0].key) == (status, key)


def test_all_paths_share_one_budget_of_work() -> None:
    ten = "(0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9)"
    costly = f"{ten}.select({ten}.select({ten}.select({ten}.select({ten}.where(false)))))"
    cheap = operation("delete", "Patient.photo")
    assert refusal(*[operation("delete", costly)] * 100) == [400, "patch.path-fault"]
    assert patched(*[cheap] * 1000) == PATIENT
    assert refusal(*[cheap] * 1001) == [400, "patch.too-many"]


def refusal(*operations: dict[str, Any]) -> list[Any]:
    try:
        return [200, patched(*operations)]
    except Refused as refused:
        return [refused.status, refused.issues[0].key]
