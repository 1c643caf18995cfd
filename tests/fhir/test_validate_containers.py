"""Narratives, Bundles and Parameters: one thing wrong in each, and its place."""

from __future__ import annotations

import pytest
from tests.fhir.samples import DIV, Resource, bundle, condition, narrative, patient

from hoso.fhir.validate import validate

ANSWER = {"response": {"status": "200"}}
INVALID: dict[str, tuple[Resource, str, str]] = {
    "a narrative that runs": (narrative("<script>x</script>"), "validate.narrative-element", "Patient.text.div"),
    "a narrative with a handler": (
        narrative('<p onclick="x()">a</p>'),
        "validate.narrative-attribute",
        "Patient.text.div",
    ),
    "a narrative with a script link": (
        narrative('<a href=" JavaScript:x()">a</a>'),
        "validate.narrative-link",
        "Patient.text.div",
    ),
    "a narrative with a hidden script link": (
        narrative('<a href="java&#115;cript:x()">a</a>'),
        "validate.narrative-link",
        "Patient.text.div",
    ),
    "a narrative whose style loads": (
        narrative('<p style="background: url(//a.vn/x.png)">a</p>'),
        "validate.narrative-link",
        "Patient.text.div",
    ),
    "a narrative whose style loads a drawing": (
        narrative('<p style="background: url(line.png), url(&#39;data:image/svg+xml;base64,AA&#39;)">a</p>'),
        "validate.narrative-link",
        "Patient.text.div",
    ),
    "a narrative that is not closed": (narrative("<p>a"), "validate.narrative-malformed", "Patient.text.div"),
    "a narrative with a doctype": (narrative("<!DOCTYPE a>b"), "validate.narrative-malformed", "Patient.text.div"),
    "a narrative with a named character": (narrative("a&nbsp;b"), "validate.narrative-entity", "Patient.text.div"),
    "an empty narrative": (narrative("  "), "validate.narrative-empty", "Patient.text.div"),
    "a narrative of another element": (
        patient(text={"status": "generated", "div": "<p>a</p>"}),
        "validate.narrative-not-div",
        "Patient.text.div",
    ),
    "text after the narrative": (
        patient(text={"status": "generated", "div": DIV.format("a") + "b"}),
        "validate.narrative-malformed",
        "Patient.text.div",
    ),
    "a transaction entry without a request": (
        bundle("transaction", {"resource": patient()}),
        "invariant.bdl-3",
        "Bundle.entry[0]",
    ),
    "a collection entry with a response": (
        bundle("collection", {"resource": patient()} | ANSWER),
        "invariant.bdl-4",
        "Bundle.entry[0]",
    ),
    "an entry of nothing": (bundle("collection", {"fullUrl": "http://a.vn/x"}), "invariant.bdl-5", "Bundle.entry[0]"),
    "a total of a collection": (
        bundle("collection", {"resource": patient()}, total=1),
        "invariant.bdl-1",
        "Bundle.total",
    ),
    "a search mode in a collection": (
        bundle("collection", {"resource": patient(), "search": {"mode": "match"}}),
        "invariant.bdl-2",
        "Bundle.entry[0].search",
    ),
    "one address twice": (
        bundle("collection", *[{"fullUrl": "http://a.vn/Patient/1", "resource": patient(id="1")}] * 2),
        "invariant.bdl-7",
        "Bundle.entry[1].fullUrl",
    ),
    "a fullUrl of a version": (
        bundle("collection", {"fullUrl": "http://a.vn/Patient/1/_history/1", "resource": patient(id="1")}),
        "invariant.bdl-8",
        "Bundle.entry[0].fullUrl",
    ),
    "a fullUrl of another resource": (
        bundle("collection", {"fullUrl": "http://a.vn/Patient/2", "resource": patient(id="1")}),
        "validate.full-url-differs",
        "Bundle.entry[0].fullUrl",
    ),
    "a relative fullUrl": (
        bundle("collection", {"fullUrl": "Patient/1", "resource": patient(id="1")}),
        "validate.full-url-relative",
        "Bundle.entry[0].fullUrl",
    ),
    "a message without its header": (
        bundle("message", {"resource": patient()}),
        "invariant.bdl-12",
        "Bundle.entry[0]",
    ),
    "a PUT without a resource": (
        bundle("batch", {"request": {"method": "PUT", "url": "Patient/1"}}),
        "validate.entry-resource",
        "Bundle.entry[0]",
    ),
    "a PUT to another type": (
        bundle("batch", {"resource": patient(id="1"), "request": {"method": "PUT", "url": "Basic/1"}}),
        "validate.entry-type",
        "Bundle.entry[0].request.url",
    ),
    "a PUT to another id": (
        bundle("batch", {"resource": patient(id="1"), "request": {"method": "PUT", "url": "Patient/2"}}),
        "validate.entry-id",
        "Bundle.entry[0].request.url",
    ),
    "a reference to an entry of another type": (
        bundle(
            "collection",
            {
                "fullUrl": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b",
                "resource": {"resourceType": "Group"} | {"type": "person", "actual": True},
            },
            {"resource": condition(recorder={"reference": "urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"})},
        ),
        "validate.reference-target",
        "Bundle.entry[1].resource.recorder.reference",
    ),
    "a fault deep inside a bundle": (
        bundle("collection", {"resource": patient(name=[{"given": ["A", 5]}])}),
        "validate.primitive.string",
        "Bundle.entry[0].resource.name[0].given[1]",
    ),
    "a parameter with two contents": (
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "a", "valueString": "b", "part": [{"name": "c", "valueCode": "d"}]}],
        },
        "invariant.Parameters.parameter.inv-1",
        "Parameters.parameter[0]",
    ),
}


@pytest.mark.parametrize(("resource", "key", "expression"), INVALID.values(), ids=INVALID.keys())
def test_what_is_wrong_is_named_with_its_place(resource: Resource, key: str, expression: str) -> None:
    assert [(issue.key, issue.expression) for issue in validate(resource)] == [(key, expression)]
