"""Case 35: XML. No door of this node reads XML yet (issue 5 brings what hospitals send): each says so, without looking.

So neither an entity nor a document type is met by any parser. When a door for XML opens, these bodies are its first
tests: a DOCTYPE refused outright, a bound on depth, 400 at once.
"""

from __future__ import annotations

import pytest
from tests.security.apps import Answer
from tests.security.scene import Scene
from tests.security.test_case_12_bundles import listener
from tests.security.test_case_19_costly import cheaply

__all__ = ["listener"]
PATIENT = '<Patient xmlns="http://hl7.org/fhir"><id value="%s"/></Patient>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def bodies(port: int) -> dict[str, bytes]:
    at = f"http://127.0.0.1:{port}/x"
    head = '<?xml version="1.0"?>'
    return {
        "file": f'{head}<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>{PATIENT % "&x;"}'.encode(),
        "http": f'{head}<!DOCTYPE p [<!ENTITY x SYSTEM "{at}">]>{PATIENT % "&x;"}'.encode(),
        "parameter": f'{head}<!DOCTYPE p [<!ENTITY % x SYSTEM "{at}"> %x;]>{PATIENT.replace("%s", "1")}'.encode(),
        "dtd": f'{head}<!DOCTYPE p SYSTEM "{at}">{PATIENT % "1"}'.encode(),
        "laughs": f'{head}<!DOCTYPE p [<!ENTITY l0 "ha">{LAUGHS}]>{PATIENT % "&l9;"}'.encode(),
        "quadratic": f'<!DOCTYPE p [<!ENTITY a "{"a" * 50_000}">]>{PATIENT % ("&a;" * 50_000)}'.encode(),
        "deep": b"<a>" * 200_000,
        "utf-16": f'<!DOCTYPE p [<!ENTITY x SYSTEM "{at}">]>{PATIENT % "&x;"}'.encode("utf-16"),
        "utf-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE p+AD4-',
        "xslt": f'<?xml-stylesheet type="text/xsl" href="{at}"?>{PATIENT % "1"}'.encode(),
        "xinclude": f'<Patient xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{at}"/></Patient>'.encode(),
        "plain": (PATIENT % "1").encode(),
    }


KINDS = ["application/fhir+xml", "application/xml", "text/xml", "application/soap+xml"]


@pytest.mark.parametrize("name", bodies(1))
def test_case_35_no_door_reads_it(scene: Scene, listener: tuple[int, list[bytes]], name: str) -> None:
    port, asked = listener
    body = bodies(port)[name]
    for kind in KINDS:
        for method, path in (("POST", "Patient"), ("POST", ""), ("PUT", "Patient/s-xml"), ("POST", "Patient/$match"),
                             ("POST", "Patient/$validate"), ("PATCH", "Observation/s-own-1")):  # fmt: skip
            answer = cheaply(scene, method, path, body, scene.site.token, Content_Type=kind)
            refused(answer)
    assert asked == []
    assert scene.get("Patient/s-xml", scene.site.token).status == 404


def refused(answer: Answer) -> None:
    assert answer.status == 415, answer.body
    assert answer.json["resourceType"] == "OperationOutcome" and b"root:" not in answer.body


@pytest.mark.parametrize("name", ["file", "deep", "plain", "utf-16"])
def test_case_35_nor_is_it_taken_for_json(scene: Scene, name: str) -> None:
    answer = cheaply(scene, "POST", "Patient", bodies(1)[name], scene.site.token, Content_Type="application/fhir+json")
    assert answer.status == 400 and answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("path", ["/gateway", "/gateway/api/token/take", "/soap", "/xmlrpc", "/ws"])
def test_case_35_the_gateway_is_not_there(scene: Scene, path: str) -> None:
    answer = scene.site.ask("POST", path, bodies(1)["laughs"], Content_Type="text/xml")
    assert answer.status in (403, 404) and b"haha" not in answer.body


def test_case_35_xml_that_is_asked_for_is_not_given(scene: Scene) -> None:
    for kind in KINDS[:3]:
        assert scene.get("Patient/s-own", Accept=kind).status == 406
    assert scene.get("Patient/s-own?_format=xml").status == 406
