"""Validation against R4: a table of resources that are right, and one of resources with exactly one thing wrong."""

from __future__ import annotations

import pytest
from tests.fhir.samples import CLINICAL, VERIFIED, Resource, bundle, coded, condition, narrative, observation, patient

from hoso.fhir.outcome import text
from hoso.fhir.validate import validate

CONTAINED = {"resourceType": "Organization", "id": "o", "name": "Trạm y tế"}
MANAGED = {"managingOrganization": {"reference": "#o"}}
REFUSED_BY = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}

VALID: dict[str, Resource] = {
    "a resource with nothing in it": patient(),
    "a name with marks": patient(name=[{"family": "Đặng", "given": ["Thị", "Hoà"]}]),
    "a year alone": patient(birthDate="1950"),
    "a month": patient(birthDate="1950-02"),
    "29 February of a leap year": patient(birthDate="2000-02-29"),
    "a value with extension only": patient(_birthDate={"extension": [REFUSED_BY]}),
    "a value with an id": patient(birthDate="2000-01-01", _birthDate={"id": "b"}),
    "a gap in a list of primitives": patient(
        name=[{"given": ["A", None], "_given": [None, {"extension": [REFUSED_BY]}]}]
    ),
    "a required element with extension only": observation(status=None) | {"_status": {"extension": [REFUSED_BY]}},
    "a choice": observation(valueQuantity={"value": 1.5, "unit": "kg"}),
    "another choice": observation(valueDateTime="2026-11-23T08:30:00.123456+07:00"),
    "a leap second": observation(issued="2016-12-31T23:59:60Z"),
    "a dateTime without a time": observation(effectiveDateTime="2026-11-23"),
    "a negative integer": observation(valueInteger=-2147483648),
    "a decimal of one digit": observation(valueQuantity={"value": 1}),
    "a relative reference": observation(subject={"reference": "Patient/p.1"}),
    "a versioned reference": observation(subject={"reference": "Patient/1/_history/2"}),
    "an absolute reference": observation(subject={"reference": "https://a.vn/fhir/Patient/1"}),
    "a urn reference": observation(subject={"reference": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"}),
    "a conditional reference": observation(subject={"reference": "Patient?identifier=a|b"}),
    "a reference by identifier": observation(subject={"identifier": {"value": "079"}}),
    "a reference with its type": observation(subject={"reference": "Patient/1", "type": "Patient"}),
    "a reference to anything": observation(focus=[{"reference": "Basic/1"}]),
    "a contained resource": patient(contained=[CONTAINED], **MANAGED),
    "a contained resource that refers to its container": {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "contained": [
            {
                "resourceType": "Provenance",
                "id": "v",
                "target": [{"reference": "#"}],
                "recorded": "2026-01-01T00:00:00Z",
                "agent": [{"who": {"display": "x"}}],
            }
        ],
    },
    "nested extensions": patient(
        extension=[{"url": "http://a.vn/x", "extension": [{"url": "y", "valueBoolean": False}]}]
    ),
    "an oid": patient(identifier=[{"system": "urn:oid:2.16.840.1.113883", "value": "1"}]),
    "an oid with a version": patient(identifier=[{"system": "urn:oid:2.16.840.1.113883|4.0.1", "value": "1"}]),
    "a uuid with a version": patient(
        identifier=[{"system": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b|2", "value": "1"}]
    ),
    "a narrative with an image in a style": narrative(
        "<p style=\"background: url( 'data: image/png;base64,AAAA')\">a</p><p style='background: url(line.png)'>b</p>"
    ),
    "base64 in lines": patient(photo=[{"contentType": "image/png", "data": "AAAA\nBBB="}]),
    "a narrative": narrative('<p id="a">a &lt; b &#160; <b>c</b><br/></p><img src="#x" alt=""/>'),
    "a narrative with links": narrative('<a href="x?a=1&amp;b=2">a</a><a href="#b">b</a><a href="https://a.vn">c</a>'),
    "a narrative with an image inside": narrative('<img alt="" src="data: image/png;base64,AAAA"/>'),
    "a narrative with a comment": narrative("<!-- a --><p>b</p>"),
    "a condition that ended": condition(abatementDateTime="2020", clinicalStatus=coded(CLINICAL, "resolved")),
    "a condition entered in error": condition(verificationStatus=coded(VERIFIED, "entered-in-error")),
    "two codings, one of the set": condition(
        clinicalStatus={"coding": [{"system": "http://a.vn", "code": "z"}, {"system": CLINICAL, "code": "active"}]}
    ),
    "a period of one day in two precisions": patient(address=[{"period": {"start": "2020-05-01", "end": "2020"}}]),
    "a transaction": bundle(
        "transaction",
        {
            "fullUrl": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
            "resource": patient(),
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": observation(subject={"reference": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"}),
            "request": {"method": "PUT", "url": "Observation?identifier=1"},
        },
        {"request": {"method": "DELETE", "url": "Patient/1"}},
    ),
    "a search result": bundle("searchset", {"resource": patient(id="1"), "search": {"mode": "match"}}, total=1),
    "an empty batch response": {"resourceType": "Bundle", "type": "batch-response"},
    "parameters": {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "b"}]},
    "a MIME type that nobody can list": patient(photo=[{"contentType": "application/x.hoso+json"}]),
}
VALID["a required element with extension only"].pop("status")

INVALID: dict[str, tuple[Resource, str, str]] = {
    "an unknown type": ({"resourceType": "Person2"}, "validate.unknown-type", "Person2"),
    "a citizen code with a typing error": (
        patient(identifier=[{"system": "https://hoso.vn/sid/citizen-code", "value": "9123456789013"}]),
        "validate.citizen-code",
        "Patient.identifier[0].value",
    ),
    "no type": ({"id": "1"}, "json.no-resource-type", "Resource"),
    "an unknown element": (patient(nickname="A"), "validate.unknown-element", "Patient"),
    "an element of another place": (
        patient(name=[{"birthDate": "2000"}]),
        "validate.unknown-element",
        "Patient.name[0]",
    ),
    "a choice without its type": (observation(value="a"), "validate.unknown-element", "Observation"),
    "a choice of a type not allowed": (observation(valueDecimal=1.0), "validate.unknown-element", "Observation"),
    "resourceType inside an element": (
        patient(name=[{"resourceType": "HumanName", "text": "A"}]),
        "validate.unknown-element",
        "Patient.name[0]",
    ),
    "two choices": (observation(valueString="a", valueInteger=1), "validate.choice", "Observation"),
    "two choices, one of them an extension": (
        observation(valueString="a", _valueInteger={"extension": [REFUSED_BY]}),
        "validate.choice",
        "Observation",
    ),
    "a required element missing": (
        {"resourceType": "Observation", "status": "final"},
        "validate.required",
        "Observation",
    ),
    "a required element missing deep inside": (
        observation(component=[{"valueString": "a"}]),
        "validate.required",
        "Observation.component[0]",
    ),
    "a required choice missing": (
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/1"},
        },
        "validate.required",
        "MedicationRequest",
    ),
    "one value where a list belongs": (patient(name={"text": "A"}), "validate.not-a-list", "Patient.name"),
    "a list where one value belongs": (patient(gender=["male"]), "validate.not-repeating", "Patient.gender"),
    "a list where one object belongs": (
        observation(code=[{"text": "a"}]),
        "validate.not-repeating",
        "Observation.code",
    ),
    "one number where a list belongs": (
        {
            "resourceType": "MolecularSequence",
            "coordinateSystem": 1,
            "quality": [{"type": "snp", "roc": {"precision": 0.5}}],
        },
        "validate.not-a-list",
        "MolecularSequence.quality[0].roc.precision",
    ),
    "text where an object belongs": (observation(code="a"), "validate.not-an-object", "Observation.code"),
    "an empty list": (patient(name=[]), "validate.empty-list", "Patient.name"),
    "an empty object": (patient(name=[{}]), "invariant.ele-1", "Patient.name[0]"),
    "an object with an id only": (patient(name=[{"id": "a"}]), "invariant.ele-1", "Patient.name[0]"),
    "empty text": (patient(name=[{"text": ""}]), "validate.empty-text", "Patient.name[0].text"),
    "null": (patient(birthDate=None), "validate.null", "Patient.birthDate"),
    "null for an object": (observation(subject=None), "validate.null", "Observation.subject"),
    "null in a list of objects": (patient(name=[{"text": "A"}, None]), "validate.null", "Patient.name[1]"),
    "null in a list without a twin": (
        patient(name=[{"given": ["A", None]}]),
        "validate.null",
        "Patient.name[0].given[1]",
    ),
    "null in both twins": (
        patient(name=[{"given": ["A", None], "_given": [{"id": "a"}, None]}]),
        "validate.null",
        "Patient.name[0].given[1]",
    ),
    "twins of different length": (
        patient(name=[{"given": ["A"], "_given": [None, {"extension": [REFUSED_BY]}]}]),
        "validate.sibling-length",
        "Patient.name[0].given",
    ),
    "a twin of another shape": (
        patient(birthDate="2000", _birthDate=[{"extension": [REFUSED_BY]}]),
        "validate.not-repeating",
        "Patient.birthDate",
    ),
    "a twin with an id only": (patient(_birthDate={"id": "a"}), "invariant.ele-1", "Patient.birthDate"),
    "a twin of an object": (observation(_code={"id": "a"}), "validate.unknown-element", "Observation"),
    "30 February": (patient(birthDate="2023-02-30"), "validate.primitive.date", "Patient.birthDate"),
    "29 February of no leap year": (patient(birthDate="1900-02-29"), "validate.primitive.date", "Patient.birthDate"),
    "31 April": (patient(birthDate="2024-04-31"), "validate.primitive.date", "Patient.birthDate"),
    "month 13": (patient(birthDate="2024-13-01"), "validate.primitive.date", "Patient.birthDate"),
    "year 0": (patient(birthDate="0000"), "validate.primitive.date", "Patient.birthDate"),
    "a date of this country": (patient(birthDate="23/11/2000"), "validate.primitive.date", "Patient.birthDate"),
    "a time in a date": (patient(birthDate="2000-01-01T00:00:00Z"), "validate.primitive.date", "Patient.birthDate"),
    "Arabic digits": (patient(birthDate="٢٠٠٠"), "validate.primitive.date", "Patient.birthDate"),
    "a week date": (patient(birthDate="2000-W01-1"), "validate.primitive.date", "Patient.birthDate"),
    "a dateTime without a zone": (
        observation(effectiveDateTime="2026-11-23T08:30:00"),
        "validate.primitive.dateTime",
        "Observation.effective.ofType(dateTime)",
    ),
    "a dateTime without seconds": (
        observation(effectiveDateTime="2026-11-23T08:30Z"),
        "validate.primitive.dateTime",
        "Observation.effective.ofType(dateTime)",
    ),
    "hour 24": (
        observation(effectiveDateTime="2026-11-23T24:00:00Z"),
        "validate.primitive.dateTime",
        "Observation.effective.ofType(dateTime)",
    ),
    "an instant without a time": (observation(issued="2026-11-23"), "validate.primitive.instant", "Observation.issued"),
    "a zone beyond the world": (
        observation(issued="2026-11-23T08:30:00+15:00"),
        "validate.primitive.instant",
        "Observation.issued",
    ),
    "a time without seconds": (
        observation(valueTime="08:30"),
        "validate.primitive.time",
        "Observation.value.ofType(time)",
    ),
    "text for a number": (
        observation(valueQuantity={"value": "1.5"}),
        "validate.primitive.decimal",
        "Observation.value.ofType(Quantity).value",
    ),
    "true for a number": (
        observation(valueQuantity={"value": True}),
        "validate.primitive.decimal",
        "Observation.value.ofType(Quantity).value",
    ),
    "text for a boolean": (patient(active="true"), "validate.primitive.boolean", "Patient.active"),
    "1 for a boolean": (patient(active=1), "validate.primitive.boolean", "Patient.active"),
    "a number for text": (patient(name=[{"text": 5}]), "validate.primitive.string", "Patient.name[0].text"),
    "a fraction for an integer": (
        observation(valueInteger=1.5),
        "validate.primitive.integer",
        "Observation.value.ofType(integer)",
    ),
    "an integer too large": (
        observation(valueInteger=2147483648),
        "validate.primitive.integer",
        "Observation.value.ofType(integer)",
    ),
    "a positiveInt of 0": (
        patient(telecom=[{"system": "phone", "value": "1", "rank": 0}]),
        "validate.primitive.positiveInt",
        "Patient.telecom[0].rank",
    ),
    "a negative unsignedInt": (
        patient(photo=[{"size": -1, "url": "http://a.vn"}]),
        "validate.primitive.unsignedInt",
        "Patient.photo[0].size",
    ),
    "an id with a space": (patient(id="a b"), "validate.primitive.id", "Patient.id"),
    "an id of 65 characters": (patient(id="a" * 65), "validate.primitive.id", "Patient.id"),
    "an id with a newline": (patient(id="a\n"), "validate.primitive.id", "Patient.id"),
    "a code with two spaces": (patient(language="vi  VN"), "validate.primitive.code", "Patient.language"),
    "a uri with a space": (
        patient(identifier=[{"system": "http://a b"}]),
        "validate.primitive.uri",
        "Patient.identifier[0].system",
    ),
    "a wrong oid": (
        patient(identifier=[{"system": "urn:oid:3.01"}]),
        "validate.primitive.uri",
        "Patient.identifier[0].system",
    ),
    "a wrong uuid": (
        patient(identifier=[{"system": "urn:uuid:1-2"}]),
        "validate.primitive.uri",
        "Patient.identifier[0].system",
    ),
    "base64 with a hole": (
        patient(photo=[{"contentType": "image/png", "data": "AAA"}]),
        "validate.primitive.base64Binary",
        "Patient.photo[0].data",
    ),
    "text beyond a million characters": (
        patient(name=[{"text": "a" * (1024 * 1024 + 1)}]),
        "validate.primitive.string",
        "Patient.name[0].text",
    ),
    "a code outside a required set": (patient(gender="nam"), "validate.code", "Patient.gender"),
    "a concept outside a required set": (
        condition(clinicalStatus=coded("http://a.vn", "active")),
        "validate.code",
        "Condition.clinicalStatus",
    ),
    "a concept in words where a code is required": (
        condition(clinicalStatus={"text": "đang bệnh"}),
        "validate.code",
        "Condition.clinicalStatus",
    ),
    "a reference to another type": (
        observation(subject={"reference": "Practitioner/1"}),
        "validate.reference-target",
        "Observation.subject.reference",
    ),
    "a reference to no type": (
        observation(subject={"reference": "Nobody/1"}),
        "validate.reference-form",
        "Observation.subject.reference",
    ),
    "a reference with a bad id": (
        observation(subject={"reference": "Patient/a b"}),
        "validate.reference-form",
        "Observation.subject.reference",
    ),
    "a reference that says another type": (
        observation(subject={"reference": "Patient/1", "type": "Group"}),
        "validate.reference-type",
        "Observation.subject.type",
    ),
    "a reference of another type by identifier": (
        observation(subject={"type": "Practitioner", "identifier": {"value": "1"}}),
        "validate.reference-target",
        "Observation.subject.reference",
    ),
    "an empty reference": (
        observation(subject={"reference": ""}),
        "validate.empty-text",
        "Observation.subject.reference",
    ),
    "a reference to a contained resource that is absent": (
        patient(**MANAGED),
        "validate.contained-missing",
        "Patient.managingOrganization.reference",
    ),
    "a contained resource of the wrong type": (
        patient(contained=[{"resourceType": "Basic", "id": "o", "code": {"text": "a"}}], **MANAGED),
        "validate.reference-target",
        "Patient.managingOrganization.reference",
    ),
    "a contained resource without an id": (
        patient(contained=[{"resourceType": "Organization", "name": "A"}]),
        "validate.contained-id",
        "Patient.contained[0]",
    ),
    "a contained resource nobody refers to": (
        patient(contained=[CONTAINED]),
        "invariant.dom-3",
        "Patient.contained[0]",
    ),
    "two contained resources with one id": (
        patient(contained=[CONTAINED, CONTAINED], **MANAGED),
        "validate.contained-same-id",
        "Patient.contained",
    ),
    "a contained resource with a version": (
        patient(contained=[CONTAINED | {"meta": {"versionId": "1"}}], **MANAGED),
        "invariant.dom-4",
        "Patient.contained[0].meta.versionId",
    ),
    "a contained resource with a label": (
        patient(contained=[CONTAINED | {"meta": {"security": [{"code": "R"}]}}], **MANAGED),
        "invariant.dom-5",
        "Patient.contained[0].meta.security",
    ),
    "contained in contained": (
        patient(contained=[CONTAINED | {"contained": [CONTAINED]}], **MANAGED),
        "invariant.dom-2",
        "Patient.contained[0].contained",
    ),
    "a fault inside a contained resource": (
        patient(contained=[CONTAINED | {"active": "yes"}], **MANAGED),
        "validate.primitive.boolean",
        "Patient.contained[0].active",
    ),
    "an extension without a url": (
        patient(extension=[{"valueString": "a"}]),
        "validate.required",
        "Patient.extension[0]",
    ),
    "an extension with nothing": (
        patient(extension=[{"url": "http://a.vn"}]),
        "invariant.ext-1",
        "Patient.extension[0]",
    ),
    "an extension with both": (
        patient(
            extension=[{"url": "http://a.vn", "valueString": "a", "extension": [{"url": "b", "valueString": "c"}]}]
        ),
        "invariant.ext-1",
        "Patient.extension[0]",
    ),
    "a period that runs backwards": (
        patient(address=[{"period": {"start": "2020-05-02", "end": "2020-05-01"}}]),
        "invariant.per-1",
        "Patient.address[0].period",
    ),
    "a unit code without a system": (
        observation(valueQuantity={"value": 1, "code": "kg"}),
        "invariant.qty-3",
        "Observation.value.ofType(Quantity)",
    ),
    "a telephone of no kind": (patient(telecom=[{"value": "0912345678"}]), "invariant.cpt-2", "Patient.telecom[0]"),
    "a contact who is nobody": (patient(contact=[{"gender": "male"}]), "invariant.pat-1", "Patient.contact[0]"),
    "a range without ends": (
        observation(referenceRange=[{"appliesTo": [{"text": "trẻ em"}]}]),
        "invariant.obs-3",
        "Observation.referenceRange[0]",
    ),
    "a reason for absence beside a value": (
        observation(valueString="a", dataAbsentReason={"text": "b"}),
        "invariant.obs-6",
        "Observation",
    ),
    "a component that repeats the code": (
        observation(
            code=coded("http://loinc.org", "1-1"),
            valueString="a",
            component=[{"code": coded("http://loinc.org", "1-1"), "valueString": "b"}],
        ),
        "invariant.obs-7",
        "Observation",
    ),
    "a condition that ended but is active": (
        condition(abatementDateTime="2020", clinicalStatus=coded(CLINICAL, "active")),
        "invariant.con-4",
        "Condition",
    ),
    "an allergy without a status": (
        {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}},
        "invariant.ait-1",
        "AllergyIntolerance",
    ),
    "an organization without a name": (
        {"resourceType": "Organization", "active": True},
        "invariant.org-1",
        "Organization",
    ),
    "an organization at home": (
        {"resourceType": "Organization", "name": "A", "address": [{"use": "home", "text": "B"}]},
        "invariant.org-2",
        "Organization.address[0]",
    ),
    "a rule that only FHIRPath tells": (
        {
            "resourceType": "Questionnaire",
            "status": "draft",
            "item": [
                {"linkId": "1", "type": "string", "initial": [{"valueString": "a"}, {"valueString": "b"}]},
            ],
        },
        "validate.invariant",
        "Questionnaire.item[0]",
    ),
}


@pytest.mark.parametrize("resource", VALID.values(), ids=VALID.keys())
def test_what_is_right_is_accepted(resource: Resource) -> None:
    assert validate(resource) == []


@pytest.mark.parametrize(("resource", "key", "expression"), INVALID.values(), ids=INVALID.keys())
def test_what_is_wrong_is_named_with_its_place(resource: Resource, key: str, expression: str) -> None:
    found = validate(resource)
    assert [(issue.key, issue.expression) for issue in found] == [(key, expression)]
    assert all("{" not in text(issue, language) for issue in found for language in ("en", "vi"))


def test_every_fault_is_told_up_to_a_limit() -> None:
    found = validate(patient(name=[{"text": 5} for _ in range(500)]))
    assert len(found) == 101
    assert found[-1].key == "validate.more"


def test_two_faults_in_different_places_are_both_told() -> None:
    found = validate(patient(gender="nam", birthDate="2023-02-30"))
    assert {issue.expression for issue in found} == {"Patient.gender", "Patient.birthDate"}
