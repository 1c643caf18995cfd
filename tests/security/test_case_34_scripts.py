"""Case 34: a script in a record is refused where it could run, and is text wherever it is shown."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
from tests.security.apps import Answer, Person
from tests.security.scene import Scene, observation, patient, visit

MARK = "hosoxss"
EVIL = f"<script>{MARK}()</script><img src=x onerror={MARK}()>\"'><svg/onload={MARK}()>{{{{7*7}}}}${{7*7}}"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
NARRATIVES = [
    f"<script>{MARK}()</script>", f"<img src='x' onerror='{MARK}()'/>", f"<a href='javascript:{MARK}()'>x</a>",
    f"<a href='java&#x09;script:{MARK}()'>x</a>", f"<a href='&#106;avascript:{MARK}()'>x</a>",
    "<iframe src='https://evil.example'></iframe>", "<object data='x'></object>", "<embed src='x'/>",
    "<form action='https://evil.example'><input/></form>", "<base href='https://evil.example'/>",
    f"<svg><script>{MARK}()</script></svg>", f"<math><mtext><style><img src=x onerror={MARK}()></style></mtext></math>",
    f"<noscript><p title='</noscript><img src=x onerror={MARK}()>'></p></noscript>",
    f"<style>@import 'https://evil.example'</style>x{MARK}", "<link rel='stylesheet' href='https://evil.example'/>",
    "<meta http-equiv='refresh' content='0;url=https://evil.example'/>", f"<a href='data:text/html,{MARK}'>x</a>",
    f"<a href='vbscript:{MARK}'>x</a>", f"<p onclick='{MARK}()'>x</p>", "<p>&xxe;</p>",
    f"<!DOCTYPE x [<!ENTITY x '{MARK}'>]>",
    f"<![CDATA[<script>{MARK}()</script>]]>", f"<?php {MARK}() ?>", "<p><b>x</p></b>",
    f"<img src='data:text/html,{MARK}'/>", "<p style='background:u&#x72;l(https://evil.example/)'>x</p>",
    "<p style='background:\\75rl(https://evil.example/)'>x</p>", "<p style='width:expression(1)'>x</p>",
]  # fmt: skip
ID = "s-script"
XML = "application/fhir+xml"


def in_xml(inside: str) -> bytes:
    return (
        '<Observation xmlns="http://hl7.org/fhir"><id value="s-narrative"/><text><status value="generated"/>'
        f'{DIV.format(inside)}</text><status value="final"/><code><text value="x"/></code></Observation>'
    ).encode()


@pytest.mark.parametrize("inside", NARRATIVES, ids=range(len(NARRATIVES)))
def test_case_34_a_narrative_that_could_run_is_not_stored(scene: Scene, inside: str) -> None:
    text = {"status": "generated", "div": DIV.format(inside)}
    told = observation("s-narrative", "s-own", 1) | {"text": text}
    entry = {"resource": told, "request": {"method": "PUT", "url": "Observation/s-narrative"}}
    contained = patient("c", "x", "001180004034", text=text)
    del contained["identifier"]
    inner = observation("s-narrative", "s-own", 1, contained=[contained], focus=[{"reference": "#c"}])
    for method, path, body in (
        ("PUT", "Observation/s-narrative", told), ("PUT", "Observation/s-narrative", inner),
        ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
    ):  # fmt: skip
        answer = scene.ask(method, path, body, scene.site.token)
        assert answer.status in (400, 422), (inside, answer.body)
    answer = scene.ask("PUT", "Observation/s-narrative", in_xml(inside), scene.site.token, Content_Type=XML)
    assert answer.status in (400, 422), (inside, answer.body)
    assert scene.get("Observation/s-narrative", scene.site.token).status == 404


def test_case_34_a_harmless_one_is(scene: Scene) -> None:
    div = DIV.format("<p>Hai <b>\u0111\u1eadm</b></p><a href='https://hoso.vn'>x</a>")
    told = observation("s-harmless", "s-own", 1) | {"text": {"status": "generated", "div": div}}
    scene.put(told)
    assert scene.get("Observation/s-harmless").json["text"]["div"] == div
    answer = scene.get("Observation/s-harmless", Accept=XML)
    assert div.encode() in answer.body
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.fixture
def evil(scene: Scene) -> Scene:
    """Somebody in the doctor's care, everything of whom that is free text is a script."""
    names = {"name": [{"text": EVIL, "family": EVIL, "given": [EVIL]}], "address": [{"text": EVIL, "city": EVIL}]}
    more = {"telecom": [{"system": "phone", "value": EVIL}], "contact": [{"name": {"text": EVIL}}]}
    problem = {
        "resourceType": "Condition", "id": "s-script-c", "subject": {"reference": f"Patient/{ID}"},
        "code": {"text": EVIL, "coding": [{"display": EVIL, "code": "x", "system": "urn:x"}]}, "note": [{"text": EVIL}],
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                                       "code": "active"}]},
    }  # fmt: skip
    medicine = {
        "resourceType": "MedicationRequest", "id": "s-script-m", "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{ID}"}, "medicationCodeableConcept": {"text": EVIL},
        "dosageInstruction": [{"text": EVIL}], "note": [{"text": EVIL}], "authoredOn": "2026-11-20",
    }  # fmt: skip
    paper = {
        "resourceType": "DocumentReference", "id": "s-script-d", "status": "current", "description": EVIL,
        "subject": {"reference": f"Patient/{ID}"}, "date": "2026-11-20T08:00:00Z",
        "content": [{"attachment": {"contentType": "text/html", "title": EVIL, "data": b64(EVIL)}}],
    }  # fmt: skip
    result = observation("s-script-o", ID, 1, "x", effectiveDateTime="2026-11-20", note=[{"text": EVIL}])
    result["code"] = {"text": EVIL}
    result["valueQuantity"]["unit"] = EVIL
    scene.put(patient(ID, EVIL, "001180004035") | names | more, visit(f"v-{ID}", ID, "35001"))
    scene.put(problem, medicine, paper, result)
    return scene


def b64(text: str) -> str:
    return b64encode(text.encode()).decode()


def harmless(answer: Answer) -> None:
    """No tag and no attribute of the page comes from a record; the policy would run none if one did."""
    page = answer.body.decode()
    assert "<script>hosoxss" not in page and "<svg/onload" not in page and "<img src=x" not in page
    assert not re.search(rf"<[^>]*\son\w+\s*=[^>]*{MARK}", re.sub(r'"[^"]*"', '""', page))
    assert "onload=hosoxss()&gt;49" not in page, "a template ran it"
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe-inline" not in policy and "default-src 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


PAGES = ["", "/timeline", "/sources", "/apps", "/emergency", "/own-record", "/split"]


@pytest.mark.parametrize("page", PAGES)
def test_case_34_pages_show_it_as_text(evil: Scene, person: Callable[[str], Person], page: str) -> None:
    shown = 0
    for username in ("mai", "thu"):
        browser = person(username)
        answer = browser.get(f"/patients/{ID}{page}")
        for _ in range(2):
            answer = browser.get(answer.headers["location"]) if answer.status in (301, 302) else answer
        harmless(answer)
        shown += answer.status == 200 and MARK in answer.body.decode()
    assert shown or page not in ("", "/timeline"), "nothing of it was on the page"


@pytest.mark.parametrize("query", ["001180004035", EVIL, f'"><script>{MARK}()</script>', "{{7*7}}", "%3Cscript%3E"])
def test_case_34_what_was_typed_is_shown_as_text(evil: Scene, person: Callable[[str], Person], query: str) -> None:
    browser = person("mai")
    harmless(browser.get(f"/?q={quote(query)}"))
    harmless(browser.get(f"/{quote(query)}"))
    harmless(browser.get(f"/language?next={quote(query)}"))


FILES = [
    ("image/svg+xml", f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}()'/>"),
    ("text/html", f"<script>{MARK}()</script>"), ("application/xhtml+xml", f"<html><script>{MARK}()</script></html>"),
    ("text/xml", "<x/>"), ("application/pdf", "%PDF-1.4 /JS"), ("text/javascript", f"{MARK}()"),
    ("text/html; charset=utf-7", "+ADw-script+AD4-"), ("multipart/related", "x"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), FILES, ids=[kind for kind, _ in FILES])
def test_case_34_a_file_is_handed_over_and_never_opened(scene: Scene, kind: str, text: str) -> None:
    for body, sent in ((text.encode(), kind), (binary(kind, text), "application/fhir+json")):
        path = "Binary/s-file"
        assert scene.ask("PUT", path, body, scene.site.token, Content_Type=sent).status in (200, 201)
        for accept in ("*/*", kind.split(";")[0], "text/html,*/*;q=0.1"):
            answer = scene.get(path, scene.site.token, Accept=accept)
            assert answer.status in (200, 406) and answer.headers["x-content-type-options"] == "nosniff"
            if answer.status == 200 and "json" not in answer.headers["content-type"]:
                assert answer.headers["content-disposition"].startswith("attachment")
                assert "sandbox" in answer.headers["content-security-policy"]


def binary(kind: str, text: str) -> bytes:
    made = {"resourceType": "Binary", "id": "s-file", "contentType": kind, "data": b64(text)}
    return json.dumps(made).encode()


def test_case_34_a_content_type_breaks_out_of_no_header(scene: Scene) -> None:
    for kind in ("text/html\r\nSet-Cookie: a=b", 'x/y"; filename="evil.html', "text/html\nX: y"):
        answer = scene.ask("PUT", "Binary/s-file", binary(kind, "x"), scene.site.token, Content_Type="application/json")
        if answer.status in (200, 201):
            shown = scene.get("Binary/s-file", scene.site.token, Accept="*/*")
            assert "set-cookie" not in shown.headers and shown.headers["content-type"] == "application/octet-stream"
        else:
            assert answer.status in (400, 422)


def test_case_34_what_an_answer_repeats_is_text_of_json(scene: Scene) -> None:
    for path in (f"{EVIL[:8]}", "Patient?%3Cscript%3E=x", "Patient/%3Cscript%3E", "%3Cscript%3Ex%3C/script%3E"):
        answer = scene.get(path.replace("<", "%3C").replace(">", "%3E"))
        assert answer.headers["content-type"].startswith("application/fhir+json")
        assert answer.headers["x-content-type-options"] == "nosniff"
