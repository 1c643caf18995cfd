"""Case 35: XML. A DOCTYPE is refused outright, so no entity and no foreign file is met; depth is bounded."""

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
        "late": f'{PATIENT % "1"}<!DOCTYPE p SYSTEM "{at}">'.encode(),
        "schema": (PATIENT % "1")
        .replace("><", f' xmlns:s="http://www.w3.org/2001/XMLSchema" s:import="{at}"><')
        .encode(),
        "base64": f'<Binary xmlns="http://hl7.org/fhir"><data value="{"A" * 900_000}"/>'.encode(),
    }


JSON = "application/fhir+json"
READ = ["application/fhir+xml", "application/xml", "text/xml"]
"""Kinds that a door reads as FHIR in XML. Others are refused unread."""


@pytest.mark.parametrize("name", bodies(1))
def test_case_35_each_door_refuses_it_at_once(scene: Scene, listener: tuple[int, list[bytes]], name: str) -> None:
    port, asked = listener
    body = bodies(port)[name]
    for kind in READ:
        for method, path in (("POST", "Patient"), ("POST", ""), ("PUT", "Patient/s-xml"), ("POST", "Patient/$match"),
                             ("POST", "Patient/$validate"), ("PATCH", "Observation/s-own-1")):  # fmt: skip
            refused(cheaply(scene, method, path, body, scene.site.token, Content_Type=kind, Accept=JSON), 400)
    refused(cheaply(scene, "POST", "Patient", body, scene.site.token, Content_Type="application/soap+xml"), 415)
    told = scene.ask("POST", "Patient", body, scene.site.token, Content_Type=READ[0])
    assert (b"xml.doctype" in told.body) == (b"<!DOCTYPE" in body[:40]), told.body
    assert told.status == 400 and b"<OperationOutcome" in told.body
    assert asked == []
    assert scene.get("Patient/s-xml", scene.site.token).status == 404


def refused(answer: Answer, status: int) -> None:
    assert answer.status == status, answer.body
    assert answer.json["resourceType"] == "OperationOutcome" and b"root:" not in answer.body


@pytest.mark.parametrize("name", ["file", "deep", "late", "utf-16"])
def test_case_35_nor_is_it_taken_for_json(scene: Scene, name: str) -> None:
    answer = cheaply(scene, "POST", "Patient", bodies(1)[name], scene.site.token, Content_Type=JSON)
    assert answer.status == 400 and answer.json["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/gateway", 404), ("/gateway/api/token/take", 415), ("/soap", 404), ("/xmlrpc", 404), ("/ws", 404)],
)
def test_case_35_no_other_door_takes_xml_in_its_body(scene: Scene, path: str, status: int) -> None:
    """The gateway's is JSON or a form, in which a file of XML comes as base64."""
    answer = scene.site.ask("POST", path, bodies(1)["laughs"], Content_Type="text/xml")
    assert answer.status == status and b"haha" not in answer.body


def test_case_35_who_may_not_see_is_told_the_same_in_xml(scene: Scene) -> None:
    for path in ("Patient/s-far", "Patient/s-nobody"):
        answer = scene.get(path, Accept=READ[0])
        assert answer.status == 404 and b"<OperationOutcome" in answer.body and b"Xaxoi" not in answer.body
    assert b"Xaxoi" not in scene.get("Patient?_count=50", Accept=READ[0]).body
