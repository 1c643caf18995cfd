from __future__ import annotations

import gzip

import pytest
from tests.api.caller import JSON, Caller, Settings


def test_the_capability_statement_is_open_to_all_and_says_what_is_there(call: Caller) -> None:
    call.token = None
    found = call("GET", "metadata").json
    assert (found["fhirVersion"], found["kind"]) == ("4.0.1", "instance")
    resources = {one["type"]: one for one in found["rest"][0]["resource"]}
    assert len(resources) > 140
    assert "birthdate" in {param["name"] for param in resources["Patient"]["searchParam"]}
    assert found["implementation"]["url"] == "http://hoso.test/fhir"
    assert call("GET", "metadata?mode=terminology").json["resourceType"] == "TerminologyCapabilities"
    assert call("GET", "metadata?mode=pony").status == 400


def test_the_capability_statement_is_a_valid_resource(call: Caller) -> None:
    statement = call("GET", "metadata").body
    answer = call("POST", "CapabilityStatement/$validate", statement)
    assert answer.keys == ["outcome.all-well"]


def test_every_search_parameter_that_is_promised_is_understood(call: Caller) -> None:
    values = {"date": "2020", "number": "1", "quantity": "1", "reference": "1", "uri": "urn:x"}
    for resource in call("GET", "metadata").json["rest"][0]["resource"]:
        if resource["type"] not in ("Patient", "Observation", "Encounter"):
            continue
        for param in resource["searchParam"]:
            if param["type"] == "composite" or param["name"] in ("_has", "_list"):
                continue
            answer = call("GET", f"{resource['type']}?{param['name']}={values.get(param['type'], 'a')}")
            assert answer.status == 200, (resource["type"], param, answer.body)


def test_validate_says_what_a_write_would_say_and_stores_nothing(call: Caller) -> None:
    good, bad = {"resourceType": "Patient", "gender": "male"}, {"resourceType": "Patient", "gender": "?"}
    assert call("POST", "Patient/$validate", good).keys == ["outcome.all-well"]
    answer = call("POST", "Patient/$validate", bad)
    assert answer.status == 200
    assert answer.json["issue"][0]["expression"] == ["Patient.gender"]
    wrapped = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": bad}]}
    assert call("POST", "Patient/$validate", wrapped).json["issue"][0]["severity"] == "error"
    call("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"})
    assert call("GET", "Patient/a/$validate").keys == ["outcome.all-well"]
    assert call("GET", "Patient?_total=accurate").json["total"] == 1


def test_a_binary_is_sent_as_what_it_holds_and_can_hurt_no_browser(call: Caller) -> None:
    made = call("POST", "Binary", b"<script>", Content_Type="text/html")
    path = f"Binary/{made.json['id']}"
    raw = call("GET", path, Accept="*/*")
    assert (raw.body, raw.headers["Content-Type"]) == (b"<script>", "text/html")
    assert raw.headers["Content-Disposition"].startswith("attachment")
    assert raw.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in raw.headers["Content-Security-Policy"]
    assert call("GET", path, Accept=JSON).json["data"] == "PHNjcmlwdD4="
    assert call("GET", f"{path}?_format=json").json["resourceType"] == "Binary"
    assert call("GET", path, Accept="text/html").body == b"<script>"


def test_a_binary_can_be_updated_raw_and_read_by_version(call: Caller) -> None:
    assert call("PUT", "Binary/b", b"one", Content_Type="text/plain").status == 201
    assert call("PUT", "Binary/b", b"two", Content_Type="text/plain").status == 200
    assert call("GET", "Binary/b/_history/1", Accept="text/plain").body == b"one"


def test_whose_a_binary_is_goes_in_and_out_by_its_header(call: Caller) -> None:
    call("PUT", "Binary/b", b"one", Content_Type="text/plain", X_Security_Context="Patient/p")
    assert call("GET", "Binary/b", Accept=JSON).json["securityContext"] == {"reference": "Patient/p"}
    assert call("GET", "Binary/b", Accept="text/plain").headers["X-Security-Context"] == "Patient/p"


def test_a_binary_whose_type_is_not_one_is_sent_as_bytes(call: Caller) -> None:
    body = {"resourceType": "Binary", "id": "b", "contentType": "no type", "data": "YQ=="}
    if call("PUT", "Binary/b", body).status == 201:
        assert call("GET", "Binary/b", Accept="*/*").headers["Content-Type"] == "application/octet-stream"


def test_gzip_both_ways(call: Caller) -> None:
    body = gzip.compress(b'{"resourceType":"Patient","id":"a","name":[{"text":"' + b"x" * 5000 + b'"}]}')
    assert call("PUT", "Patient/a", body, Content_Encoding="gzip").status == 201
    packed = call("GET", "Patient/a", Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == call("GET", "Patient/a").body
    assert "Content-Encoding" not in call("GET", "Patient/a", Accept_Encoding="gzip;q=0").headers


@pytest.mark.parametrize(
    ("host", "status"), [("evil.example/x", 400), ('a"b', 400), ("", 400), ("[::1]:8080", 200), ("hoso.vn:8080", 200)]
)
def test_a_host_that_is_not_one_never_reaches_a_link(call: Caller, host: str, status: int) -> None:
    hostless = Caller(call.records._store, settings=Settings(base_url=""))  # type: ignore[arg-type]
    assert hostless("GET", "Patient?_count=1", Host=host).status == status


def test_the_configured_address_wins_over_the_host(call: Caller) -> None:
    assert (call("GET", "Patient", Host="evil.example").link("self") or "").startswith("http://hoso.test/fhir/")


def test_no_search_parameter_is_promised_that_would_be_refused(call: Caller) -> None:
    resources = call("GET", "metadata").json["rest"][0]["resource"]
    promised = {(one["type"], param["name"]) for one in resources for param in one["searchParam"]}
    for name in ("_text", "_content", "_query", "_contained"):
        assert ("Location", name) not in promised
        assert call("GET", f"Location?{name}=a").status == 400
