"""Links between the entries of a bundle are found however they are written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.fhir.json import parse
from hoso.fhir.links import Links, rewrite

WRITTEN = (
    "urn:uuid:0a1b2c3d-0000-4000-8000-000000000001",
    "urn:oid:1.2.3",
    "Patient/1",
    "http://a.vn/fhir/Patient/1",
    "https://a.vn/Patient/1",
    "Patient?identifier=s|1",
    "http://a.vn/fhir/Patient?name=a",
    "http://a.vn",
)
LINKS = st.sampled_from(WRITTEN)
TABLES = st.dictionaries(LINKS | st.sampled_from(["/Patient/1", "odd", "a:b", "đ/ê"]), st.just("Patient/9"))


@given(table=TABLES, link=LINKS, escaped=st.booleans())
def test_a_text_is_passed_over_only_when_none_of_the_links_is_in_it(
    table: dict[str, str], link: str, escaped: bool
) -> None:
    body = json.dumps({"resourceType": "Observation", "subject": {"reference": link}}, ensure_ascii=escaped).encode()
    body = body.replace(b"/", b"\\/") if escaped else body
    tree = parse(body)
    done = rewrite(body, tree, Links(table))
    assert json.loads(done)["subject"]["reference"] == table.get(link, link)
    assert tree == json.loads(done)


@pytest.mark.parametrize("number", [1, 100])
def test_a_bundle_of_any_size_finds_its_links(number: int) -> None:
    table = Links({f"http://host-{n}.vn/fhir/Patient/1": f"Patient/{n}" for n in range(number)})
    body = b'{"resourceType":"Observation","subject":{"reference":"http://host-0.vn/fhir/Patient/1"}}'
    assert b'"Patient/0"' in rewrite(body, parse(body), table)
