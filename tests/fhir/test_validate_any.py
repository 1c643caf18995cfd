"""Whatever arrives, validation answers with issues: no content of a resource makes it fail."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fhir.samples import bundle, coded, condition, narrative, observation, patient

from hoso.fhir.model import Element, load
from hoso.fhir.outcome import outcome
from hoso.fhir.validate import validate

MODEL = load()
PRIMITIVES: dict[str, list[Any]] = {
    "boolean": [True, False],
    "decimal": [0, 1.5, -2],
    "integer": [0, -1, 7],
    "positiveInt": [1],
    "unsignedInt": [0, 3],
    "date": ["2020", "2020-02", "2020-02-29"],
    "dateTime": ["2020", "2020-02-29", "2020-02-29T01:02:03Z", "0001-01-01T00:00:00+14:00"],
    "instant": ["2020-02-29T23:59:60+07:00"],
    "time": ["01:02:03"],
    "base64Binary": ["AAAA"],
    "id": ["a"],
    "uri": ["http://a.vn", "urn:oid:1.2"],
    "oid": ["urn:oid:1.2.3"],
    "uuid": ["urn:uuid:0b8d5a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>'],
}
TEXTS = ["a", "1", "*", "http://a.vn", "Patient", "a.b"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "reference", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
STARTS = [
    patient(name=[{"given": ["A", None], "_given": [None, {"extension": [{"url": "x", "valueCode": "y"}]}]}]),
    observation(subject={"reference": "#a"}, contained=[{"resourceType": "Patient", "id": "a"}]),
    condition(clinicalStatus=coded("s", "c"), onsetPeriod={"start": "2020", "end": "2021-01-01"}),
    narrative('<p class="a">b</p>'),
    bundle(
        "transaction",
        {"fullUrl": "urn:x", "resource": patient(id="1"), "request": {"method": "PUT", "url": "Patient/1"}},
    ),
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "resource": patient()}, {"name": "b", "valueAge": {"value": 1}}],
    },
]


SKIPPED = {"extension", "modifierExtension", "contained", "resource", "outcome"}
WHOLE: dict[str, Any] = {
    "Attachment": {"url": "http://a.vn"},
    "ContactPoint": {"system": "phone", "value": "1"},
    "Expression": {"language": "text/fhirpath", "expression": "a"},
    "Narrative": {"status": "generated", "div": PRIMITIVES["xhtml"][0]},
    "Ratio": {"numerator": {"value": 1}, "denominator": {"value": 2}},
    "Reference": {"display": "a"},
    "Timing": {"code": {"text": "a"}},
    "TriggerDefinition": {"type": "named-event", "name": "a"},
    **{name: {"unit": "a"} for name in ("Quantity", "SimpleQuantity", "Duration", "Age", "Count", "Distance")},
}


def grown(type: str, rng: random.Random, depth: int) -> Any:
    """Something of the type with some of its elements, formats right, meaning left to chance."""
    made = MODEL.types[type]
    if type in WHOLE:
        return WHOLE[type]
    if made.kind == "primitive":
        return rng.choice(PRIMITIVES.get(type, TEXTS))
    node: dict[str, Any] = {"resourceType": type} if made.kind == "resource" else {}
    usable = [e for e in made.elements if e.name not in SKIPPED]
    for element in usable:
        if element.min or (depth > 0 and rng.random() < 0.5):
            put(node, element, rng, depth - 1)
    plain = [e for e in usable if e.name != "id" and MODEL.types[e.types[0].code].kind == "primitive"]
    if not node and plain:
        put(node, rng.choice(plain), rng, 0)
    return node or {"text": "a"}


def put(node: dict[str, Any], element: Element, rng: random.Random, depth: int) -> None:
    key, ref = rng.choice(element.spellings())
    codes = next(iter(MODEL.codes[element.codes].items())) if element.codes else None
    if codes and ref.code in ("Coding", "CodeableConcept"):
        coding = {"system": codes[0], "code": rng.choice(codes[1])}
        value: Any = coding if ref.code == "Coding" else {"coding": [coding]}
    else:
        value = rng.choice(codes[1]) if codes else grown(ref.code, rng, depth)
    node[key] = [value] * rng.choice([1, 2]) if element.max != 1 else value


@pytest.mark.parametrize("name", MODEL.resource_types)
def test_every_type_can_be_validated_full_of_content(name: str) -> None:
    rng = random.Random(name)
    for _ in range(20):
        for issue in validate(grown(name, rng, 3)):
            assert issue.expression is not None


@given(start=st.sampled_from(STARTS), junk=JUNK, seed=st.integers(0, 10_000))
def test_junk_anywhere_is_answered_with_issues(start: dict[str, Any], junk: Any, seed: int) -> None:
    resource = copy.deepcopy(start)
    rng = random.Random(seed)
    node: Any = resource
    while isinstance(node, (dict, list)) and node:
        place = rng.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if rng.random() < 0.3 or not isinstance(node[place], (dict, list)) or not node[place]:
            node[place] = junk
            break
        node = node[place]
    outcome(validate(resource))


@given(JUNK.filter(lambda junk: isinstance(junk, dict)))
def test_junk_alone_is_refused(junk: dict[str, Any]) -> None:
    assert validate(junk)
