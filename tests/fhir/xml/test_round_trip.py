"""JSON → XML → JSON says the same, digit by digit."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from tests.fhir.xml.drawn import resources

from hoso.fhir import xml
from hoso.fhir.json import encode, parse


class Digits(str):
    """A number by its digits: 1.10 is not 1.1."""


tree = msgspec.json.Decoder(float_hook=Digits).decode

WHOLE = """{"resourceType":"Patient","id":"p","meta":{"versionId":"1"},
"text":{"status":"generated",
"div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p>Nguyễn &amp; <b>con</b><br/></p></div>"},
"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}],
"extension":[{"url":"http://e.vn/1","extension":[{"id":"i","url":"a","valueBoolean":false}]}],
"name":[{"id":"n1","given":["An",null,"Ba"],"_given":[null,{"extension":[{"url":"http://e.vn/2","valueCode":"masked"}]},{"id":"g3"}]}],
"_birthDate":{"extension":[{"url":"http://e.vn/3","valueDecimal":0.000000010}]},
"multipleBirthInteger":2}"""

WHOLE_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="p"/>'
    '<meta><versionId value="1"/></meta><text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>'
    "Nguyễn &amp; <b>con</b><br/></p></div></text><contained><Observation>"
    '<id value="o"/><status value="final"/><code><text value="x"/></code><valueQuantity><value value="1.10"/>'
    '</valueQuantity></Observation></contained><extension url="http://e.vn/1"><extension id="i" url="a">'
    '<valueBoolean value="false"/></extension></extension><name id="n1"><given value="An"/><given>'
    '<extension url="http://e.vn/2"><valueCode value="masked"/></extension></given><given id="g3" value="Ba"/></name>'
    '<birthDate><extension url="http://e.vn/3"><valueDecimal value="0.000000010"/></extension></birthDate>'
    '<multipleBirthInteger value="2"/></Patient>'
)


def test_each_part_of_a_resource_has_its_place_in_xml() -> None:
    assert xml.write(WHOLE.encode()).decode() == WHOLE_XML
    assert tree(xml.read(WHOLE_XML.encode())) == tree(WHOLE)


def test_elements_come_in_the_order_of_the_model_whatever_the_order_in_json() -> None:
    parts: list[tuple[str, Any]] = list(tree(WHOLE).items())
    backwards = dict(reversed(parts))
    assert xml.write(msgspec.json.encode(backwards, enc_hook=str)).startswith(WHOLE_XML[:80].encode())


def test_indented_xml_says_the_same() -> None:
    text = xml.write(WHOLE.encode(), pretty=True)
    assert b'\n  <name id="n1">\n    <given value="An"/>' in text
    assert tree(xml.read(text)) == tree(WHOLE)


@settings(max_examples=200, deadline=None)
@given(resources())
def test_any_resource_comes_back_equal(resource: dict[str, Any]) -> None:
    text = encode(resource)
    assert tree(xml.read(xml.write(text))) == tree(text)
    assert tree(xml.read(xml.write(text, pretty=True))) == tree(text)


def test_the_deepest_json_there_may_be_is_written_and_read() -> None:
    inner: dict[str, Any] = {"url": "a", "valueString": "x"}
    for _ in range(125):
        inner = {"url": "a", "extension": [inner]}
    text = encode({"resourceType": "Basic", "extension": [inner]})
    parse(text)
    assert tree(xml.read(xml.write(text))) == tree(text)


def test_a_bundle_in_pieces_is_the_bundle() -> None:
    head = b'{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"http://a/?b&c"}]}'
    entries = [
        b'{"fullUrl":"http://a/%d","resource":%b,"search":{"mode":"match"}}' % (n, WHOLE.encode()) for n in (1, 2)
    ]
    whole = head[:-1] + b',"entry":[' + b",".join(entries) + b"]}"
    assert b"".join(xml.bundle_parts(head, entries)) == xml.write(whole)
    assert b"".join(xml.bundle_parts(head, [])) == xml.write(head)


def test_a_narrative_that_json_may_write_and_xml_may_not_means_the_same_after() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p title="]]&gt;">a]]&gt;b</p></div>'
    odd = div.replace("&gt;", ">")
    text = encode({"resourceType": "Basic", "text": {"status": "generated", "div": odd}})
    assert tree(xml.read(xml.write(text)))["text"]["div"] == div
    plain = encode({"resourceType": "Basic", "text": {"status": "generated", "div": "<div><p>x</p></div>"}})
    assert tree(xml.read(xml.write(plain)))["text"]["div"] == div[:42] + "<p>x</p></div>"
