from __future__ import annotations

from typing import Any

from tests.api.caller import Caller

from hoso.store.record_store import RecordStore

ICD10 = "http://hl7.org/fhir/sid/icd-10"
COMMUNE = "https://hoso.vn/CodeSystem/commune"


def _found(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        part["name"]: next((value for key, value in part.items() if key.startswith("value")), part.get("part"))
        for part in parameters["parameter"]
    }


def _ask(call: Caller, path: str) -> dict[str, Any]:
    answer = call("GET", path)
    assert answer.status == 200, (path, answer.body)
    return _found(answer.json)


def _codes(call: Caller, path: str) -> list[str]:
    answer = call("GET", path)
    assert answer.status == 200, (path, answer.body)
    return [one["code"] for one in answer.json["expansion"].get("contains", [])]


def test_a_code_is_looked_up_with_what_is_known_of_it(call: Caller) -> None:
    found = _ask(call, f"CodeSystem/$lookup?system={ICD10}&code=O80.0")
    assert (found["version"], found["property"][1]["valueString"]) == ("vn-4469-2020", "female")
    found = _ask(
        call, "CodeSystem/$lookup?system=https://hoso.vn/CodeSystem/treatment-result&code=5&displayLanguage=vi"
    )
    assert found["display"] == "Tử vong"
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "coding", "valueCoding": {"system": "http://unitsofmeasure.org", "code": "mg/dL"}}],
    }
    assert _found(call("POST", "CodeSystem/$lookup", body).json)["display"] == "mg/dL"
    assert call("GET", f"CodeSystem/$lookup?system={ICD10}&code=Q1").keys == ["terminology.no-code-fragment"]
    assert call("GET", "CodeSystem/$lookup?system=urn:nowhere&code=1").keys == ["terminology.no-system"]


def test_a_code_is_held_against_its_system_and_against_a_set_on_a_day(call: Caller) -> None:
    cases = [
        (f"CodeSystem/$validate-code?url={ICD10}&code=A00.0", True),
        (f"CodeSystem/$validate-code?url={ICD10}&code=a00.0", True),
        (f"CodeSystem/$validate-code?url={ICD10}&code=A00.77", False),
        ("CodeSystem/hoso-icd-10/$validate-code?code=A00", True),
        ("CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mmol/L", True),
        ("CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=viên", False),
        (f"CodeSystem/$validate-code?url={COMMUNE}&code=00001", False),
        (f"CodeSystem/$validate-code?url={COMMUNE}&code=00001&date=2024-05-01", True),
        (f"CodeSystem/$validate-code?url={COMMUNE}&code=00001&version=before-2025-07", False),
        (f"CodeSystem/$validate-code?url={COMMUNE}&code=00004&display=Phuong%20Ba%20Dinh", True),
        (f"CodeSystem/$validate-code?url={COMMUNE}&code=00004&display=Ba%20V%C3%AC", False),
        (f"ValueSet/$validate-code?url=https://hoso.vn/ValueSet/main-diagnosis&system={ICD10}&code=I10", True),
        (f"ValueSet/$validate-code?url=https://hoso.vn/ValueSet/main-diagnosis&system={ICD10}&code=D63.0", False),
        ("ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male", True),
        ("ValueSet/hoso-set-administrative-gender/$validate-code?code=mal", False),
    ]
    assert [(path, _ask(call, path)["result"]) for path, _ in cases] == cases


def test_a_set_is_expanded_sought_in_and_turned_over(call: Caller) -> None:
    main = "ValueSet/$expand?url=https://hoso.vn/ValueSet/main-diagnosis"
    assert _codes(call, f"{main}&filter=j18") == ["J18", "J18.0", "J18.1", "J18.2", "J18.8", "J18.9"]
    assert _codes(call, f"{main}&filter=J18&offset=1&count=2") == ["J18.0", "J18.1"]
    assert call("GET", f"{main}&count=0").json["expansion"]["total"] == 11284
    assert call("GET", main).keys == ["terminology.many"]
    assert call("GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/ucum-units").keys == ["terminology.endless"]
    wards = "ValueSet/$expand?url=https://hoso.vn/ValueSet/commune"
    assert _codes(call, f"{wards}&filter=ba+dinh")[0] == "00004"
    assert "00001" in _codes(call, f"{wards}&filter=phuc%20xa&date=2025-06-30")
    assert "00001" not in _codes(call, f"{wards}&filter=phuc%20xa")
    answer = call("GET", "ValueSet/hoso-treatment-result/$expand?displayLanguage=vi&includeDesignations=true").json
    assert answer["expansion"]["contains"][0]["display"] == "Khỏi"
    assert call("POST", "ValueSet/$validate", answer).keys == ["outcome.all-well"]


def test_a_set_in_the_question_is_evaluated_and_what_cannot_be_is_refused(call: Caller) -> None:
    def ask(*include: dict[str, Any], exclude: Any = (), **members: Any) -> Any:
        compose = {"include": [*include], **({"exclude": [*exclude]} if exclude else {})}
        tree = {"resourceType": "ValueSet", "status": "active", "compose": compose, **members}
        return call(
            "POST", "ValueSet/$expand",
            {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": tree}]},
        )  # fmt: skip

    def under(op: str, value: str, property: str = "concept") -> dict[str, Any]:
        return {"system": ICD10, "filter": [{"property": property, "op": op, "value": value}]}

    codes = [one["code"] for one in ask(under("is-a", "I10")).json["expansion"]["contains"]]
    assert codes == ["I10"]
    below = ask(under("descendent-of", "J18"), exclude=[{"system": ICD10, "concept": [{"code": "J18.9"}]}]).json
    assert [one["code"] for one in below["expansion"]["contains"]] == ["J18.0", "J18.1", "J18.2", "J18.8"]
    both = {"valueSet": ["https://hoso.vn/ValueSet/main-diagnosis"], **under("in", "I10,D63.0", "code")}
    assert [one["code"] for one in ask(both).json["expansion"]["contains"]] == ["I10"]
    found = ask(under("regex", "I1[0-1](\\.9)?", "code")).json["expansion"]["contains"]
    assert [one["code"] for one in found] == ["I10", "I11", "I11.9"]
    for costly in ("(a+)+$", "((", "a" * 1_001):
        refused = ask(under("regex", costly, "code"))
        assert (refused.status, refused.keys) == (422, ["terminology.regex"])
    assert ask(under("is-a", "nothing")).keys == ["terminology.filter-code"]
    assert ask({"system": "urn:nowhere"}).keys == ["terminology.no-system"]
    assert ask({"valueSet": ["urn:nowhere"]}).keys == ["terminology.no-value-set"]
    assert ask(*[{"system": ICD10, "concept": [{"code": "I10"}]}] * 1001).keys == ["terminology.set-large"]


def test_a_set_that_was_only_worked_out_elsewhere_holds_what_stands_there(call: Caller) -> None:
    listed = [
        {"display": "Nhóm", "abstract": True, "contains": [{"system": ICD10, "code": "J00", "display": "Cảm"}]},
        {"system": ICD10, "code": "J01", "abstract": True, "contains": [{"system": "urn:x", "code": "1"}]},
    ]
    value_set = {
        "resourceType": "ValueSet",
        "status": "active",
        "expansion": {"timestamp": "2026-01-01", "contains": listed},
    }
    body = {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": value_set}]}
    answer = call("POST", "ValueSet/$expand", body)
    assert [(one["system"], one["code"]) for one in answer.json["expansion"]["contains"]] == [
        (ICD10, "J00"),
        ("urn:x", "1"),
    ]
    for code, held in (("J00", True), ("J01", False), ("1", False)):
        asked = [{"name": "code", "valueCode": code}, {"name": "system", "valueUri": ICD10}]
        answer = call("POST", "ValueSet/$validate-code", {**body, "parameter": [*body["parameter"], *asked]})
        assert _found(answer.json)["result"] is held, code


def test_codes_stand_above_and_below_each_other(call: Caller) -> None:
    path = f"CodeSystem/$subsumes?system={ICD10}"
    pairs = {("A00", "A00.1"): "subsumes", ("A00.1", "A00"): "subsumed-by", ("A00", "A00"): "equivalent"}
    for (a, b), outcome in (pairs | {("A00.1", "A00.9"): "not-subsumed"}).items():
        assert _ask(call, f"{path}&codeA={a}&codeB={b}") == {"outcome": outcome}
    assert call("GET", f"{path}&codeA=A00&codeB=ZZZ").keys == ["terminology.no-code"]
    assert _ask(call, "CodeSystem/hoso-icd-10/$subsumes?codeA=A00&codeB=A00.1") == {"outcome": "subsumes"}


def test_an_old_commune_leads_to_the_new_one_and_a_split_one_to_all_its_parts(call: Caller) -> None:
    def ask(path: str) -> tuple[bool, list[tuple[str, str]]]:
        answer = call("GET", path).json["parameter"]
        matches = [part["part"] for part in answer if part["name"] == "match"]
        return answer[0]["valueBoolean"], [(one[0]["valueCode"], one[1]["valueCoding"]["code"]) for one in matches]

    commune = f"ConceptMap/$translate?url=https://hoso.vn/ConceptMap/commune-2025-07&system={COMMUNE}"
    assert ask(f"{commune}&code=00001") == (True, [("wider", "00097")])
    result, parts = ask(f"{commune}&code=00007")
    assert result and len(parts) > 1 and {one for one, _ in parts} == {"inexact"}
    assert ask(f"ConceptMap/$translate?system={COMMUNE}&code=00001")[1] == [("wider", "00097")]
    assert ask(f"ConceptMap/$translate?system={COMMUNE}&code=00001&date=2024-01-01") == (False, [])
    assert ("narrower", "00001") in ask(f"{commune}&code=00097&reverse=true")[1]
    assert ask("ConceptMap/hoso-province-2025-07/$translate?system=https://hoso.vn/CodeSystem/province&code=02") == (
        True, [("wider", "08")],
    )  # fmt: skip


def test_what_is_missing_or_too_much_in_a_question_is_said(call: Caller) -> None:
    cases = {
        "CodeSystem/$lookup?code=1": "terminology.which-system",
        "CodeSystem/$lookup?system=urn:x": "terminology.which-code",
        "CodeSystem/$lookup?colour=red": "rest.unknown-parameter",
        "CodeSystem/hoso-icd-10/$lookup": "rest.unknown-operation",
        "CodeSystem/nothing/$subsumes?codeA=A&codeB=B": "rest.not-found",
        "ValueSet/$expand": "terminology.which-set",
        "ValueSet/$expand?url=urn:nowhere": "terminology.no-value-set",
        "ValueSet/hoso-sex/$expand?count=-1": "terminology.page",
        "ValueSet/hoso-sex/$expand?date=2026-02-30": "terminology.date",
        "ValueSet/hoso-sex/$expand?displayLanguage=fr": "terminology.language",
        "ConceptMap/$translate?url=urn:nowhere&code=1&system=urn:x": "terminology.no-map",
        f"CodeSystem/$subsumes?system={ICD10}&codeA=A00": "terminology.which-code",
    }
    assert {path: call("GET", path).keys[0] for path in cases} == cases
    assert call("POST", "ValueSet/$expand", [1]).status == 400
    call.token = None
    assert call("GET", "ValueSet/hoso-sex/$expand").status == 401


def test_what_hoso_brings_is_read_as_valid_resources_and_not_overwritten(call: Caller) -> None:
    places = [
        "CodeSystem/hoso-visit-type", "CodeSystem/hoso-province", "CodeSystem/hoso-ucum",
        "ValueSet/hoso-main-diagnosis",
        "ValueSet/hoso-set-administrative-gender", "ConceptMap/hoso-province-2025-07",
    ]  # fmt: skip
    for place in places:
        found = call("GET", place)
        assert found.status == 200, place
        answer = call("POST", f"{place.partition('/')[0]}/$validate", found.body)
        assert answer.keys == ["outcome.all-well"], (place, answer.body)
        assert call("PUT", place, found.json).status == 405
    ours = {"resourceType": "CodeSystem", "id": "hoso-ucum", "status": "active", "content": "complete"}
    for url in ("CodeSystem/hoso-ucum", "CodeSystem?url=urn:nobody"):
        entry = {"resource": ours, "request": {"method": "PUT", "url": url}}
        for type in ("transaction", "batch"):
            answer = call("POST", "", {"resourceType": "Bundle", "type": type, "entry": [entry]})
            status = answer.status if type == "transaction" else int(answer.json["entry"][0]["response"]["status"][:3])
            assert status == 405, (url, type)
    assert call("PUT", "CodeSystem?url=urn:nobody", ours).status == 405


def test_the_statements_name_the_operations_and_the_code_systems(call: Caller) -> None:
    resources = {one["type"]: one for one in call("GET", "metadata").json["rest"][0]["resource"]}
    assert {"expand", "validate-code"} <= {one["name"] for one in resources["ValueSet"]["operation"]}
    answer = call("GET", "metadata?mode=terminology")
    assert {ICD10, COMMUNE} <= {one["uri"] for one in answer.json["codeSystem"]}
    assert call("POST", "TerminologyCapabilities/$validate", answer.body).keys == ["outcome.all-well"]


def test_what_is_stored_by_any_door_answers_at_once_and_no_longer_when_deleted(
    store: RecordStore, call: Caller
) -> None:
    concept = [{"code": "1", "display": "One", "concept": [{"code": "1.1", "display": "Một phẩy một"}]}]
    first = {"resourceType": "CodeSystem", "id": "t", "url": "urn:test:t", "version": "1", "status": "active",
             "content": "complete", "concept": concept}  # fmt: skip
    beside = Caller(store)
    ask = "CodeSystem/$validate-code?url=urn:test:t&code=1.1"
    assert beside("GET", ask).status == 404
    assert call("PUT", "CodeSystem/t", first).status == 201
    assert beside("GET", ask).json["parameter"][0]["valueBoolean"] is True
    assert beside("GET", "CodeSystem/t/$subsumes?codeA=1&codeB=1.1").json["parameter"][0]["valueCode"] == "subsumes"
    include = [{"system": "urn:test:t"}, {"valueSet": ["urn:test:circle"]}]
    sets = {"resourceType": "ValueSet", "status": "active"}
    assert (
        call("PUT", "ValueSet/s", {**sets, "id": "s", "url": "urn:test:s", "compose": {"include": include[:1]}}).status
        == 201
    )
    circle = {**sets, "id": "c", "url": "urn:test:circle", "compose": {"include": include}}
    assert call("PUT", "ValueSet/c", circle).status == 201
    expanded = beside("GET", "ValueSet/s/$expand?filter=mot+phay").json["expansion"]["contains"]
    assert [one["code"] for one in expanded] == ["1.1"]
    assert beside("GET", "ValueSet/c/$expand").keys == ["terminology.set-circle"]
    element = [{"code": "1", "target": [{"code": "I10", "equivalence": "equivalent"}]}]
    group = [{"source": "urn:test:t", "target": "http://hl7.org/fhir/sid/icd-10", "element": element}]
    map = {"resourceType": "ConceptMap", "id": "m", "url": "urn:test:m", "status": "active", "group": group}
    assert call("PUT", "ConceptMap/m", map).status == 201
    found = beside("GET", "ConceptMap/m/$translate?system=urn:test:t&code=1").json["parameter"]
    assert found[0]["valueBoolean"] is True
    assert call("DELETE", "CodeSystem/t").status == 204
    assert beside("GET", ask).status == 404
