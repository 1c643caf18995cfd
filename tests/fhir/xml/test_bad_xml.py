"""XML that is refused: each with the key of its reason, its line, and its place in the resource where it has one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hoso.core.errors import Refused
from hoso.fhir import xml
from hoso.fhir.json import encode, parse
from hoso.fhir.outcome import text

HEAD = '<Patient xmlns="http://hl7.org/fhir">'
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
NARRATIVE = f'{HEAD}<text><status value="generated"/>%s</text></Patient>'


def patient(inside: str) -> bytes:
    return f"{HEAD}{inside}</Patient>".encode()


CASES: list[tuple[bytes, str, str | None]] = [
    (b"", "xml.empty", None),
    (b" \n", "xml.empty", None),
    (b"{}", "xml.malformed", None),
    (b"<!DOCTYPE p>" + patient(""), "xml.doctype", None),
    (b'<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + patient('<id value="&x;"/>'), "xml.doctype", None),
    (b'<!DOCTYPE p SYSTEM "http://127.0.0.1/x.dtd"><p/>', "xml.doctype", None),
    (b"<?xml-stylesheet href='http://a/b.xsl'?>" + patient(""), "xml.instruction", None),
    (patient("<?php echo 1 ?>"), "xml.instruction", "Patient"),
    (b'<?xml version="1.1"?>' + patient(""), "xml.version", None),
    (b'<?xml version="1.0" encoding="UTF-7"?>' + patient(""), "xml.encoding", None),
    (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + patient(""), "xml.encoding", None),
    (b'<?xml version="1.0" encoding="UTF-16"?>' + patient(""), "xml.encoding", None),
    (f'<?xml version="1.0" encoding="utf-16"?>{HEAD}</Patient>'.encode("utf-16"), "xml.encoding", None),
    (f"{HEAD}</Patient>".encode("utf-16-be"), "xml.encoding", None),
    (f"{HEAD}</Patient>".encode("utf-32"), "xml.encoding", None),
    (patient('<id value="%s"/>').replace(b"%s", b"\xc0\xaf"), "json.not-utf8", None),
    (b"<Patient><id/></Patient>", "xml.namespace", None),
    (b'<Patient xmlns="http://hl7.org/fhir/"/>', "xml.namespace", None),
    (b'<Patient xmlns="http://hl7.org/fhir Patient"/>', "xml.malformed", None),
    (b'<Pony xmlns="http://hl7.org/fhir"/>', "xml.not-a-resource", None),
    (b'<HumanName xmlns="http://hl7.org/fhir"/>', "xml.not-a-resource", None),
    (patient('<pony value="1"/>'), "xml.unknown-element", "Patient"),
    (patient('<name><given value="a"/><pony value="1"/></name>'), "xml.unknown-element", "Patient.name[0]"),
    (patient('<x:id xmlns:x="urn:x" value="1"/>'), "xml.namespace", "Patient"),
    (patient('<id xmlns="" value="1"/>'), "xml.namespace", "Patient"),
    (patient('<y:id value="1"/>'), "xml.prefix", "Patient"),
    (patient('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///x"/>'), "xml.namespace", None),
    (patient('<id value="1" value="2"/>'), "xml.duplicate-attribute", "Patient"),
    (patient('<id value="1" x="2"/>'), "xml.attribute", "Patient.id"),
    (patient('<active value="true" xmlns:q="urn:q" q:value="false"/>'), "xml.attribute", "Patient.active"),
    (patient('<active xsi:type="x" value="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>'),
     "xml.attribute", "Patient.active"),
    (patient('<name value="An"/>'), "xml.attribute", "Patient.name[0]"),
    (patient("<name>An</name>"), "xml.text", "Patient.name[0]"),
    (patient("text"), "xml.text", "Patient"),
    (patient("<![CDATA[x]]>"), "xml.cdata", "Patient"),
    (patient('<id value=""/>'), "xml.empty-value", "Patient.id"),
    (patient("<active/>"), "xml.empty-element", "Patient.active"),
    (patient("<name></name>"), "xml.empty-element", "Patient.name[0]"),
    (patient("<contained/>"), "xml.empty-element", "Patient.contained[0]"),
    (patient("<contained><Patient/><Patient/></contained>"), "xml.second-resource", "Patient.contained[0]"),
    (patient("<contained><name/></contained>"), "xml.not-a-resource", "Patient.contained[0]"),
    (patient('<gender value="male"/><name><text value="a"/></name>'), "xml.order", "Patient"),
    (patient('<gender value="male"/><gender value="male"/>'), "xml.repeated", "Patient"),
    (patient('<deceasedBoolean value="true"/><deceasedDateTime value="2020"/>'), "xml.repeated", "Patient"),
    (patient('<active value="yes"/>'), "xml.bad-value", "Patient.active"),
    (patient('<active value=" true"/>'), "xml.bad-value", "Patient.active"),
    (patient('<multipleBirthInteger value="+2"/>'), "xml.bad-value", "Patient.multipleBirthInteger"),
    (patient('<multipleBirthInteger value="1.0"/>'), "xml.bad-value", "Patient.multipleBirthInteger"),
    (patient('<multipleBirthInteger value="\u0663"/>'), "xml.bad-value", "Patient.multipleBirthInteger"),
    (patient('<id value="&nbsp;"/>'), "xml.entity", "Patient"),
    (patient('<id value="&#0;"/>'), "xml.malformed", "Patient"),
    (patient('<id value="&#xFFFF;"/>'), "xml.malformed", "Patient"),
    (patient("<id value='1'></name>"), "xml.mismatch", "Patient.id"),
    (HEAD.encode(), "xml.malformed", "Patient"),
    (patient("") + b"<Patient/>", "xml.malformed", None),
    (b"<a>" * 200_000, "xml.namespace", None),
    (HEAD.encode() + b'<extension url="a">' * 200_000, "xml.too-deep", None),
    ((NARRATIVE % (DIV + "<b>" * 200_000)).encode(), "xml.too-deep", "Patient.text"),
    ((NARRATIVE % "<div>x</div>").encode(), "xml.namespace", "Patient.text"),
    ((NARRATIVE % f'{DIV}<svg xmlns="http://www.w3.org/2000/svg"/></div>').encode(), "xml.namespace", "Patient.text"),
    ((NARRATIVE % f"{DIV}<![CDATA[<script>]]></div>").encode(), "xml.cdata", "Patient.text"),
    ((NARRATIVE % f"{DIV}&nbsp;</div>").encode(), "xml.entity", "Patient.text"),
]  # fmt: skip


def test_what_is_not_fhir_xml_is_refused_with_its_reason_and_place() -> None:
    for body, key, where in CASES:
        with pytest.raises(Refused) as caught:
            xml.read(body)
        issue = caught.value.issues[0]
        assert (caught.value.status, issue.key) == (400, key), body[:120]
        assert where is None or issue.expression == where, (body[:120], issue)
        assert "{" not in text(issue, "en") + text(issue, "vi"), issue


def test_the_line_is_told() -> None:
    with pytest.raises(Refused) as caught:
        xml.read(f"{HEAD}\n  <id value='1'/>\n  <pony/>\n</Patient>".encode())
    assert (caught.value.issues[0].values["line"], caught.value.issues[0].values["column"]) == ("3", "3")


def test_what_xml_offers_and_fhir_allows_is_taken() -> None:
    body = (
        b"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!-- a comment -->\n"
        b"<f:Patient xmlns:f='http://hl7.org/fhir' xmlns:h='http://www.w3.org/1999/xhtml' "
        b"xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:schemaLocation='http://hl7.org/fhir a.xsd'>\r\n"
        b"<f:text><f:status value='generated'/><h:div><h:p class='a&quot;b'>x &lt; y<h:br/></h:p></h:div></f:text>"
        b"<f:active value='true'><!-- in between --></f:active></f:Patient>\n<!-- end -->"
    )
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><p class="a&quot;b">x &lt; y<br></br></p></div>'
    resource = parse(xml.read(body))
    assert resource == {"resourceType": "Patient", "text": {"status": "generated", "div": div}, "active": True}


def test_what_xml_cannot_write_is_refused_with_its_place_and_never_left_out() -> None:
    for fault in ('"birthDate":"\\u0001"', '"pony":1', '"_name":{}', '"name":"x"', '"active":null', '"gender":""'):
        with pytest.raises(Refused) as caught:
            xml.write(b'{"resourceType":"Patient",%b}' % fault.encode())
        assert (caught.value.status, caught.value.issues[0].key) == (406, "xml.cannot-say"), fault
        assert str(caught.value.issues[0].expression).startswith("Patient.")
    for div in (
        "<div>",
        "<p/>",
        "<div/><div/>",
        "x",
        "<!DOCTYPE a><div/>",
        '<div xmlns="urn:x"/>',
        "<div>&nbsp;</div>",
    ):
        with pytest.raises(Refused):
            xml.write(with_narrative(div))


def with_narrative(div: str) -> bytes:
    return encode({"resourceType": "Patient", "text": {"status": "generated", "div": div}})


PIECES = [
    b"<", b">", b"/", b"&", b'"', b"\x00", b"\xff", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE p>",
    b"<?x?>", b"xmlns=''", b"&#0;", b"value", b"<div>", b"</Patient>", b"\r\n", b"<id value='1'/>",
]  # fmt: skip
GOOD = (NARRATIVE.replace("</text>", '</text><name><given value="a"/></name>') % f"{DIV}<p>x</p></div>").encode()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4))
def test_whatever_is_done_to_a_text_it_is_read_or_refused(changes: list[tuple[int, int, bytes]]) -> None:
    body = GOOD
    for place, taken, put in changes:
        body = body[:place] + put + body[place + taken :]
    try:
        read = xml.read(body)
    except Refused as refused:
        assert refused.status == 400 and refused.issues[0].key.startswith(("xml.", "json.")), body
    else:
        assert parse(read)["resourceType"] == "Patient"
