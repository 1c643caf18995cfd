"""`$graphql` on each engine: FHIR's mapping, what it costs at most, whose records it shows, and how it is told."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.api.caller import Answer, Caller

from hoso.access.audit.event import legible
from hoso.store.record_store import RecordStore

PATIENT = {
    "resourceType": "Patient", "id": "p", "active": True, "birthDate": "1980-02-03",
    "_birthDate": {"extension": [{"url": "urn:x", "valueDecimal": 1}]},
    "name": [
        {"use": "official", "family": "Đỗ", "given": ["Thị", "Mai"]},
        {"use": "nickname", "given": ["Bống"]},
    ],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Trạm y tế"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [
        {"reference": "Practitioner/dr"}, {"reference": "Practitioner/gone"}, {"display": "Cô Lan"},
    ],
}  # fmt: skip


DOUBLING = "".join(f"fragment a{n} on X {{...a{n + 1} ...a{n + 1}}} " for n in range(18))


def observation(n: int, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": f"o{n}", "status": "final", "code": {"text": f"x{n}"},
        "subject": {"reference": "Patient/p"}, "valueQuantity": {"value": n + 0.5, "unit": "g"}, **more,
    }  # fmt: skip


@pytest.fixture
def ward(call: Caller) -> Caller:
    call("PUT", "Practitioner/dr", {"resourceType": "Practitioner", "id": "dr", "name": [{"text": "BS. Hà"}]})
    call("PUT", "Patient/p", PATIENT)
    for n in range(5):
        call("PUT", f"Observation/o{n}", observation(n))
    return call


def asked(call: Caller, query: str, where: str = "$graphql", **more: Any) -> Any:
    answer = call("POST", where, {"query": query, **more}, Content_Type="application/json")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json; charset=utf-8", answer.body
    return answer.json


def data(call: Caller, query: str, where: str = "$graphql", **more: Any) -> Any:
    found = asked(call, query, where, **more)
    assert "errors" not in found, found
    return found["data"]


def codes(found: Any) -> list[str]:
    return [one["extensions"]["code"] for one in found["errors"]]


def test_the_elements_that_are_asked_for_come_as_they_are_named(ward: Caller) -> None:
    query = """query ($use: code = official) {
      __typename resourceType kept: id active gender birthDate _birthDate { extension { valueDecimal } }
      name(use: $use) { ...parts text } nick: name(use: nickname) { given }
      contained { resourceType ... on Organization { name } ... on Patient { birthDate } }
    }
    fragment parts on HumanName { family given @first first: given @first }"""
    assert data(ward, query, "Patient/p/$graphql") == {
        "__typename": "Patient", "resourceType": "Patient", "kept": "p", "active": True, "gender": None,
        "birthDate": "1980-02-03", "_birthDate": {"extension": [{"valueDecimal": 1}]},
        "name": [{"family": "Đỗ", "given": "Thị", "first": "Thị", "text": None}],
        "nick": [{"given": ["Bống"]}],
        "contained": [{"resourceType": "Organization", "name": "Trạm y tế"}],
    }  # fmt: skip


def test_decimals_keep_their_digits(ward: Caller) -> None:
    body = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    id = ward("POST", "Observation", body).json["id"]
    answer = ward("GET", f"Observation/{id}/$graphql?query={quote('{valueQuantity{value}}')}")
    assert answer.body == b'{"data":{"valueQuantity":{"value":1.10}}}'


def test_lists_are_filtered_and_cut(ward: Caller) -> None:
    query = """{ name(_count: 1, _offset: 1) { use } path: name(fhirpath: "family.exists()") { use }
      none: name(use: old) { use } name2: name(fhirpath: "given.count() = 1") { given } }"""
    assert data(ward, query, "Patient/p/$graphql") == {
        "name": [{"use": "nickname"}], "path": [{"use": "official"}], "none": None, "name2": [{"given": ["Bống"]}],
    }  # fmt: skip


def test_elements_are_flattened_sliced_and_singled(ward: Caller) -> None:
    query = """{ name @flatten { all: given family @singleton } a: name @first { use }
      b: name(use: official) @singleton { use } id }"""
    assert data(ward, query, "Patient/p/$graphql") == {
        "all": ["Thị", "Mai", "Bống"], "family": "Đỗ", "a": {"use": "official"}, "b": {"use": "official"}, "id": "p",
    }  # fmt: skip
    sliced = '{ name @flatten @slice(path: "use") { first: given @first family } }'
    assert data(ward, sliced, "Patient/p/$graphql") == {
        "first.official": ["Thị"], "family.official": ["Đỗ"], "first.nickname": ["Bống"], "family.nickname": None,
    }  # fmt: skip
    placed = data(ward, '{ name @slice(path: "$index") @singleton { use } }', "Patient/p/$graphql")
    assert placed == {"name.0": {"use": "official"}, "name.1": {"use": "nickname"}}
    both = asked(ward, "{ name @singleton { use } }", "Patient/p/$graphql")
    assert (
        codes(both) == ["graphql.several"] and both["errors"][0]["path"] == ["name"] and both["data"] == {"name": None}
    )


def test_fields_are_left_out_by_directives(ward: Caller) -> None:
    query = """query Q($yes: Boolean!) { id @skip(if: $yes) active @include(if: $yes)
      ... @include(if: false) { birthDate } ...more @skip(if: false) }
    fragment more on DomainResource { gender }"""
    found = data(ward, query, "Patient/p/$graphql", variables={"yes": True}, operationName="Q")
    assert found == {"active": True, "gender": None}


def test_records_are_read_listed_and_paged(ward: Caller) -> None:
    query = """{ Patient(id: p) { id } other: Patient(id: "p") { active }
      ObservationList(subject: "Patient/p", status: [final, amended], _sort: "_id") { id }
      two: ObservationList(_count: 2, _sort: "_id") { id }
      ObservationConnection(_count: 3, _sort: "_id") { count pagesize next edges { mode resource { id } } } }"""
    found = data(ward, query)
    token = found["ObservationConnection"].pop("next")
    assert found == {
        "Patient": {"id": "p"}, "other": {"active": True},
        "ObservationList": [{"id": f"o{n}"} for n in range(5)], "two": [{"id": "o0"}, {"id": "o1"}],
        "ObservationConnection": {
            "count": 5, "pagesize": 3, "edges": [{"mode": "match", "resource": {"id": f"o{n}"}} for n in range(3)],
        },
    }  # fmt: skip
    following = """query ($at: string) { ObservationConnection(_count: 3, _sort: "_id", _cursor: $at)
      { count next edges { resource { id } } } }"""
    rest = data(ward, following, variables={"at": token})["ObservationConnection"]
    assert [one["resource"]["id"] for one in rest["edges"]] == ["o3", "o4"] and rest["next"] is None
    stolen = asked(ward.holding("system/*.rs", "thief"), following, variables={"at": token})
    assert codes(stolen) == ["rest.bad-page"]


def test_references_are_followed_and_what_refers_is_listed(ward: Caller) -> None:
    query = """{ managingOrganization { resource { ... on Organization { name } } }
      generalPractitioner { display resource(optional: true) { ... on Practitioner { name { text } } } }
      ObservationList(_reference: subject, _sort: "_id", _count: 1) { subject { reference resource { id } } } }"""
    found = data(ward, query, "Patient/p/$graphql")
    assert found == {
        "managingOrganization": {"resource": {"name": "Trạm y tế"}},
        "generalPractitioner": [
            {"display": None, "resource": {"name": [{"text": "BS. Hà"}]}}, {"display": None, "resource": None},
            {"display": "Cô Lan", "resource": None},
        ],
        "ObservationList": [{"subject": {"reference": "Patient/p", "resource": {"id": "p"}}}],
    }  # fmt: skip
    missing = asked(ward, "{ generalPractitioner { resource { id } } }", "Patient/p/$graphql")
    (error,) = missing["errors"]
    assert error["path"] == ["generalPractitioner", 1, "resource"] and error["locations"] == [{"line": 1, "column": 25}]
    assert error["extensions"]["resource"]["issue"][0]["code"] == "not-found"
    assert missing["data"]["generalPractitioner"][0] == {"resource": {"id": "dr"}}
    within = asked(ward, "{ contained { ObservationList(_reference: subject) { id } } }", "Patient/p/$graphql")
    assert codes(within) == ["graphql.no-field"], "nothing refers to what is contained"
    typed = "{ generalPractitioner(_count: 1) { resource(type: Organization) { id } } }"
    assert data(ward, typed, "Patient/p/$graphql") == {"generalPractitioner": [{"resource": None}]}


def test_each_way_of_asking_is_answered(ward: Caller) -> None:
    query = "query A { Patient(id: p) { id } } query B($id: id!) { Patient(id: $id) { active } }"
    get = ward("GET", f"$graphql?query={quote(query)}&operationName=B&variables={quote(json.dumps({'id': 'p'}))}")
    assert get.json == {"data": {"Patient": {"active": True}}}
    plain = ward("POST", "$graphql", b"{Patient(id: p) {id}}", Content_Type="application/graphql")
    assert plain.json == {"data": {"Patient": {"id": "p"}}}
    kind = "application/graphql-response+json"
    answer = ward("POST", "Patient/p/$graphql", b"{id}", Content_Type="application/graphql", Accept=kind)
    assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"


def test_a_request_that_is_none_is_refused_as_everywhere(ward: Caller) -> None:
    for method, path, body, kind, status, key in (
        ("POST", "$graphql", b"{}", "application/json", 400, "graphql.no-query"),
        ("POST", "$graphql", b"[]", "application/json", 400, "graphql.bad-request"),
        ("POST", "$graphql", b'{"query":"{a}","variables":[1]}', "application/json", 400, "graphql.bad-request"),
        ("POST", "$graphql", b"{", "application/json", 400, "json.malformed"),
        ("POST", "$graphql", b"{a}", "text/plain", 415, "rest.content-type"),
        ("GET", "$graphql?query=%7Ba%7D&pony=1", None, "", 400, "rest.unknown-parameter"),
        ("GET", "Patient/none/$graphql?query=%7Bid%7D", None, "", 404, "rest.not-found"),
        ("PUT", "$graphql", b"{}", "application/json", 405, "rest.method"),
    ):
        answer = ward(method, path, body, Content_Type=kind)
        assert (answer.status, answer.keys) == (status, [key]), (method, path)


def test_a_document_that_is_none_is_refused_before_it_runs(ward: Caller) -> None:
    for query, key in (
        ("{", "graphql.ends"), ("{a b: }", "graphql.unexpected"), ("{}", "graphql.unexpected"), ("", "graphql.nothing"),
        ("{a(b: {c: 1})}", "graphql.unexpected"), ("mutation { a }", "graphql.only-queries"),
        ("{...a} fragment a on Patient {...b} fragment b on Patient {...a}", "graphql.circle"),
        ("{...a}", "graphql.no-fragment"), ("query A {a} query B {b}", "graphql.which"),
        ("{a(b: 1, b: 2)}", "graphql.twice"),
        ("query ($a: int!) {a}", "graphql.no-value"), ("{a}" * 2, "graphql.twice"), ("{a:" + "b{" * 30, "graphql.deep"),
        ("{" + "a " * 1_001 + "}", "graphql.many-fields"), ("{" + "a " * 5_001 + "}", "graphql.long"),
        ('{a(b: "' + "x" * 64_000 + '")}', "graphql.long"), ("{a(b: 1234567890123456789012)}", "graphql.unexpected"),
        ("{...a0} " + DOUBLING + "fragment a18 on X {b}", "graphql.many-fields"),
    ):  # fmt: skip
        answer = ward("POST", "$graphql", query.encode(), Content_Type="application/graphql", Accept_Language="vi")
        assert answer.status == 400, answer.body
        (error,) = answer.json["errors"]
        assert error["extensions"]["code"] == key and error["locations"][0]["line"] == 1
        told = error["extensions"]["resource"]["issue"][0]["details"]
        assert told["text"] == error["message"] and told["_text"]["extension"][0]["extension"][0]["valueCode"] == "en"


def test_a_field_that_cannot_be_answered_is_null_and_told(ward: Caller) -> None:
    for query, key in (
        ("{ Patient(id: p) { pony } }", "graphql.no-field"), ("{ Patient(id: p) { name } }", "graphql.selection"),
        ("{ Patient(id: p) { id { x } } }", "graphql.no-selection"), ("{ Pony(id: p) { id } }", "graphql.no-field"),
        ("{ Patient(id: p) { id(a: 1) } }", "graphql.argument"), ("{ Patient { id } }", "graphql.no-value"),
        ("{ Patient(id: none) { id } }", "rest.not-found"),
        ("{ __schema { types { name } } }", "graphql.introspection"),
        ("{ Patient(id: p) { a: id a: active } }", "graphql.conflict"),
        ("{ Patient(id: p) { id @pony } }", "graphql.no-directive"),
        ("{ PatientList(pony: 1) { id } }", "search.unknown-parameter"),
        ("{ PatientList(_include: x) { id } }", "graphql.argument"),
        ("{ Patient(id: $x) { id } }", "graphql.no-variable"), ("{ Patient(id: p) { id @skip } }", "graphql.no-value"),
        ("{ Patient(id: p) { ObservationList { id } } }", "graphql.no-value"),
        ("{ AuditEventList { id } }", "graphql.no-field"),
        ('{ Patient(id: p) { name(fhirpath: "((") { use } } }', "graphql.path"),
        ("{ PatientList @first { id } }", "graphql.directive-place"),
    ):  # fmt: skip
        found = asked(ward, query)
        assert codes(found) == [key] and found["errors"][0]["path"], found
        beside = asked(ward, "{ ok: Patient(id: p) { id } " + query[1:])
        assert beside["data"]["ok"] == {"id": "p"} and codes(beside) == [key]


def test_what_a_document_may_cost_is_bounded(ward: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = "{" + " ".join(f"a{n}: PatientList {{ id }}" for n in range(51)) + "}"
    found = asked(ward, flood)
    assert codes(found) == ["graphql.many-searches"] and found["data"] is None
    many = "{" + " ".join(f"a{n}: Patient(id: x{n}) {{ id }}" for n in range(101)) + "}"
    assert codes(asked(ward, many)) == ["graphql.many-errors"]
    limits = ("RECORDS", 3, "many-records"), ("BYTES", 100, "much-text"), ("STEPS", 20, "many-steps")
    for name, limit, key in limits:
        with monkeypatch.context() as patched:
            patched.setattr(f"hoso.api.graphql.budget.{name}", limit)
            assert codes(asked(ward, "{ ObservationList { id subject { resource { id } } } }")) == [f"graphql.{key}"]
    with monkeypatch.context() as patched:
        patched.setattr("hoso.api.graphql.answering.MOST_ANSWER", 50)
        assert codes(asked(ward, "{ ObservationList { id } }")) == ["graphql.much-answer"]


WORDS = (
    *"{{}}()[]:$!=@,",
    *("...", "on", "first", "flatten", "slice", "skip", "if", "query", "fragment", "Patient", "PatientList", "edges"),
    *("ObservationConnection", "resource", "name", "given", "id", "subject", "_count", "path", "fhirpath", "true"),
    *("null", "1", "-1.5e3", "9" * 30, '"use"', '"$index"', '"a', "#x\n", '"""b"""', "\x00", "é", "(id: p)", "} }"),
    *("{name @flatten{given}}", "{ Patient(id: p) {", "_birthDate", "__typename"),
)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(WORDS), max_size=25), noise=st.text(max_size=3), whole=st.booleans())
@example(words=["{", "name", "{", "given", "}", "}"] * 2, noise="", whole=False)
def test_whatever_a_document_says_the_answer_is_one_of_graphql(
    ward: Caller, words: list[str], noise: str, whole: bool
) -> None:
    document = f"{{ Patient(id: p) {{ {' '.join(words)} }} }}{noise}" if whole else " ".join(words) + noise
    for where in ("$graphql", "Patient/p/$graphql"):
        answer = ward("POST", where, {"query": document}, Content_Type="application/json")
        found = answer.json
        assert (answer.status == 400 and "data" not in found) or (answer.status == 200 and "data" in found), found
        for error in found.get("errors", ()):
            assert error["message"] and error["locations"][0]["line"] >= 1 and error["extensions"]["code"], found


def test_a_document_of_one_mark_is_refused(ward: Caller) -> None:
    for text in ("{" * 60_000, "[" * 64_000, "{a(b:" + "[" * 30_000, "...on " * 9_000, '"""' * 20_000, '{a(b:"'):
        assert ward("POST", "$graphql", text.encode(), Content_Type="application/graphql").status == 400


def test_nobody_sees_more_than_by_reading(ward: Caller) -> None:
    narrow = ward.holding("system/Observation.rs", "narrow")
    found = asked(narrow, "{ ObservationList(_count: 1) { id subject { resource(optional: true) { id } } } }")
    assert found == {"data": {"ObservationList": [{"id": "o0", "subject": {"resource": None}}]}}
    for query in ("{ Patient(id: p) { id } }", "{ Patient(id: none) { id } }", "{ PatientList { id } }"):
        assert codes(asked(narrow, query)) == ["rest.forbidden"]
    assert narrow("POST", "Patient/p/$graphql", b"{id}", Content_Type="application/graphql").status == 403
    ward.token = "wrong"
    assert ward("GET", "$graphql?query=%7Ba%7D").status == 401


def test_a_document_is_told_once_for_each_patient(ward: Caller, store: RecordStore) -> None:
    before = len(list(store.told([])))
    data(ward, "{ Patient(id: p) { id } ObservationList { id subject { resource { id } } } x: ObservationList { id } }")
    events = [event for text in list(store.told([]))[before:] if (event := legible(text))]
    assert [(one.kind, one.what, one.outcome, bool(one.patient)) for one in events] == [
        ("read", "$graphql", "ok", True)
    ]


def test_it_stands_alone_and_in_the_statement(ward: Caller) -> None:
    entry = {"request": {"method": "GET", "url": "Patient/p/$graphql?query=%7Bid%7D"}}
    batch: Answer = ward("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert batch.json["entry"][0]["response"]["status"] == "400 Bad Request"
    rest = ward("GET", "metadata").json["rest"][0]
    assert "graphql" in [one["name"] for one in rest["operation"]]
