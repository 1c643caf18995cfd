"""XML at the systems' door: read, written, searched and refused in XML, while what is kept is JSON."""

from __future__ import annotations

from urllib.parse import quote
from xml.etree import ElementTree

from tests.api.caller import Answer, Caller

from hoso.fhir import xml

XML, JSON = "application/fhir+xml", "application/fhir+json"
CDA = b'<cda:ClinicalDocument xmlns:cda="urn:hl7-org:v3"/>'
OBSERVATION = (
    '<Observation xmlns="http://hl7.org/fhir"><id value="o"/><text><status value="generated"/>'
    '<div xmlns="http://www.w3.org/1999/xhtml"><p>Đo<br/>1.10</p></div></text><status value="final">'
    '<extension url="http://e.vn/x"><valueCode value="a"/></extension></status><code><text value="x"/></code>'
    '<valueQuantity><value value="1.10"/></valueQuantity></Observation>'
).encode()
FORM = "application/x-www-form-urlencoded"


def root(answer: Answer) -> ElementTree.Element:
    """Read by another reader than ours."""
    assert answer.headers["Content-Type"] == "application/fhir+xml; charset=utf-8", answer
    return ElementTree.fromstring(answer.body)


def tag(answer: Answer) -> str:
    return root(answer).tag.removeprefix("{http://hl7.org/fhir}")


def test_what_comes_in_xml_is_kept_as_json_and_goes_out_as_either(call: Caller) -> None:
    stored = call("PUT", "Observation/o", OBSERVATION, Content_Type=XML)
    assert (stored.status, tag(stored)) == (201, "Observation")
    body = call("GET", "Observation/o").body
    assert b'"value":1.10' in body and b"<p>\xc4\x90o<br/>1.10</p></div>" in body
    assert b'"_status":{"extension":[{"url":"http://e.vn/x","valueCode":"a"}]}' in body
    answer = call("GET", "Observation/o", Accept=XML)
    assert answer.body == xml.write(body)
    assert answer.headers["ETag"] == 'W/"1"'
    again = call("PUT", "Observation/o", answer.body, Content_Type=f"{XML}; charset=UTF-8; fhirVersion=4.0")
    assert again.status == 200
    assert call("GET", "Observation/o").json | {"meta": 0} == call("GET", "Observation/o/_history/1").json | {"meta": 0}


def test_the_form_liked_best_is_given(call: Caller) -> None:
    for accept, given in (
        ("application/fhir+xml", XML), ("text/xml", XML), ("application/xml", XML), ("application/xml, */*;q=0.1", XML),
        ("application/fhir+json;q=0.4, application/fhir+xml;q=0.9", XML), ("text/html, application/xml;q=0.9", XML),
        ("*/*", JSON), ("", JSON), ("application/fhir+json, application/fhir+xml", JSON), ("application/*", JSON),
        ("application/fhir+xml;q=0, */*", JSON), ("application/fhir+xml;fhirVersion=3.0, application/json", JSON),
    ):  # fmt: skip
        answer = call("GET", "metadata", Accept=accept)
        assert answer.headers["Content-Type"] == f"{given}; charset=utf-8", accept


def test_format_overrides_accept_everywhere(call: Caller) -> None:
    call.make("Patient", id="p")
    for name in ("xml", "text/xml", "application/xml", XML):
        assert tag(call("GET", f"Patient?_format={quote(name, safe='')}", Accept=JSON)) == "Bundle"
    assert call("GET", "Patient?_format=json", Accept=XML).json["resourceType"] == "Bundle"
    assert tag(call("POST", "Patient/_search", b"_format=xml&_id=p", Content_Type=FORM)) == "Bundle"
    pretty = call("GET", "Patient?_format=xml&_pretty=true&_id=none")
    assert b'\n  <total value="0"/>\n' in pretty.body
    assert call("GET", "Patient?_format=xml&_id=none", Accept="image/png").status == 200


def test_each_door_answers_in_xml(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    call("PUT", "Observation/o", OBSERVATION, Content_Type=XML)
    for path, name in (
        ("Patient/p/_history/1", "Patient"), ("Patient/p/_history", "Bundle"), ("Patient/_history", "Bundle"),
        ("_history", "Bundle"), ("Patient?_summary=true", "Bundle"), ("Patient/p?_elements=id", "Patient"),
        ("?_type=Patient,Observation", "Bundle"), ("Patient/p/$everything", "Bundle"),
        ("metadata", "CapabilityStatement"),
        ("Patient/p/$everything?_count=1", "Bundle"), ("metadata?mode=terminology", "TerminologyCapabilities"),
        ("Patient/p/$validate", "OperationOutcome"), ("AuditEvent", "Bundle"),
    ):  # fmt: skip
        answer = call("GET", path, Accept=XML)
        assert (answer.status, tag(answer)) == (200, name), path
    checked = call("POST", "Observation/$validate", OBSERVATION, Content_Type=XML)
    assert tag(checked) == "OperationOutcome" and b"outcome.all-well" in checked.body
    patch = [{"op": "add", "path": "/active", "value": True}]
    patched = call("PATCH", "Patient/p", patch, Content_Type="application/json-patch+json", Accept=XML)
    assert b'<active value="true"/>' in patched.body and tag(patched) == "Patient"


def test_a_bundle_in_xml_is_carried_out_and_answered_in_xml(call: Caller) -> None:
    for kind in ("transaction", "batch"):
        entry = (
            '<entry><resource>%s</resource><request><method value="PUT"/><url value="Observation/o"/></request></entry>'
        )
        inner = OBSERVATION.decode().replace(' xmlns="http://hl7.org/fhir"', "")
        read = '<entry><request><method value="GET"/><url value="Observation/o?_format=xml"/></request></entry>'
        bundle = f'<Bundle xmlns="http://hl7.org/fhir"><type value="{kind}"/>{entry % inner}{read}</Bundle>'
        answer = call("POST", "", bundle.encode(), Content_Type=XML)
        assert answer.status == 200 and tag(answer) == "Bundle", answer.body
        assert b'<type value="%b-response"/>' % kind.encode() in answer.body
        assert b'<resource><Observation><id value="o"/>' in answer.body and b"\xc4\x90o<br/>1.10" in answer.body


def test_a_refusal_is_told_in_xml_to_who_asked_for_it(call: Caller) -> None:
    for method, path, body, headers, status, key in (
        ("GET", "Patient/none", None, {"Accept": XML}, 404, "rest.not-found"),
        ("GET", "Pony?_format=xml", None, {}, 404, "rest.unknown-type"),
        ("GET", "Patient?pony=%01", None, {"Accept": XML}, 400, "search"),
        ("DELETE", "metadata", None, {"Accept": XML}, 405, "rest.method"),
        ("POST", "Patient", b"<Patient/>", {"Content_Type": XML}, 400, "xml.namespace"),
        ("POST", "Patient", OBSERVATION, {"Content_Type": XML, "Accept": "*/*"}, 400, ""),
        ("POST", "Patient", CDA, {"Content_Type": XML}, 415, "xml.cda"),
        ("POST", "Patient", b"{", {"Accept": XML}, 400, "json.malformed"),
        ("POST", "Patient", OBSERVATION, {"Content_Type": f"{XML}; charset=utf-16"}, 415, "rest.content-type"),
        ("POST", "Patient", OBSERVATION, {"Content_Type": f"{XML}; fhirVersion=5.0"}, 415, "rest.content-type"),
    ):  # fmt: skip
        answer = call(method, path, body, **headers)
        assert (answer.status, tag(answer)) == (status, "OperationOutcome"), (path, answer.body)
        assert key.encode() in answer.body
    call.token = None
    assert (call("GET", "Patient/p", Accept=XML).status, tag(call("GET", "Patient/p", Accept=XML))) == (
        401,
        "OperationOutcome",
    )


def test_the_place_of_a_fault_is_told_whichever_form_it_came_in(call: Caller) -> None:
    body = b'<Patient xmlns="http://hl7.org/fhir"><name><given value="a"/></name><gender value="?"/></Patient>'
    answer = call("POST", "Patient", body, Content_Type=XML, Accept=JSON)
    assert (answer.status, answer.json["issue"][0]["expression"]) == (422, ["Patient.gender"])
    answer = call("POST", "Patient", body.replace(b"given", b"gvien"), Content_Type=XML, Accept=JSON)
    assert (answer.status, answer.keys) == (400, ["xml.unknown-element"])
    assert answer.json["issue"][0]["expression"] == ["Patient.name[0]"]


def test_a_binary_is_what_it_holds_unless_the_resource_is_asked_for(call: Caller) -> None:
    held = b"<ClinicalDocument/>"
    id = call("POST", "Binary", held, Content_Type="application/xml").headers["Location"].split("/")[-3]
    raw = call("GET", f"Binary/{id}", Accept="application/xml")
    assert (raw.body, raw.headers["Content-Type"]) == (held, "application/xml")
    resource = call("GET", f"Binary/{id}", Accept=XML)
    assert tag(resource) == "Binary"
    sent = call("PUT", f"Binary/{id}", resource.body, Content_Type=XML)
    assert sent.status == 200 and call("GET", f"Binary/{id}", Accept="application/xml").body == held


def test_what_xml_cannot_say_is_said_so_and_stays_as_it_is(call: Caller) -> None:
    odd = {"resourceType": "Patient", "id": "p", "name": [{"text": "a\u0001b"}]}
    written = call("PUT", "Patient/p", odd, Accept=XML)
    assert written.status == 201 and written.headers["ETag"] == 'W/"1"' and b"xml.cannot-say" in written.body
    answer = call("GET", "Patient/p", Accept=XML)
    assert answer.status == 406 and b"Patient.name[0].text" in answer.body
    assert call("GET", "Patient/p").json["name"] == odd["name"]


def test_a_long_record_is_streamed_in_xml(call: Caller) -> None:
    call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    note = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "Patient/p"},
    }
    count = 9
    for _ in range(count):
        assert call("POST", "Observation", {**note, "valueString": "&" * 100_000}).status == 201
    answer = call("GET", "Patient/p/$everything", Accept=XML)
    assert len(answer.body) > 4_000_000 and answer.headers["Content-Security-Policy"]
    assert len(root(answer).findall("{http://hl7.org/fhir}entry")) == count + 1


def test_the_statement_names_both_forms(call: Caller) -> None:
    assert call("GET", "metadata").json["format"] == [JSON, "json", XML, "xml"]


def test_the_next_page_of_a_question_asked_in_xml_is_xml(call: Caller) -> None:
    for n in range(3):
        call("PUT", f"Patient/p{n}", {"resourceType": "Patient", "id": f"p{n}"})
    for path in ("Patient?_count=1&_format=xml", "Patient/_history?_count=1&_format=xml"):
        url, pages = path, 0
        while url:
            page = root(call("GET", url))
            links = page.findall("{http://hl7.org/fhir}link")
            url = next((one[1].get("value", "") for one in links if one[0].get("value") == "next"), "")
            pages += 1
        assert pages == 3
    assert "_format" not in call("GET", "Patient?_count=1&_format=json").body.decode()
    assert "_format" not in call("GET", "Patient?_count=1", Accept=XML).body.decode()
