"""What a citizen keeps from others on the own page is gone for them at once, and comes back when it is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from tests.security.apps import Answer, Person
from tests.security.citizens import Register, Somebody
from tests.security.people import words
from tests.security.test_citizens_cases import WHY, officer, opened, step  # noqa: F401  (a fixture)
from tests.security.test_citizens_log import settled

WAY = "/me/consents"


def paper(one: Somebody) -> str:
    body = {
        "resourceType": "DocumentReference", "id": f"d-{one.record}", "status": "current",
        "subject": {"reference": f"Patient/{one.record}"}, "description": "Giấy ra viện tháng mười",
        "date": "2026-10-02T08:00:00+07:00",
        "content": [{"attachment": {"contentType": "text/plain", "data": "aGk="}}],
    }  # fmt: skip
    assert one.site.ask("PUT", f"/fhir/DocumentReference/{body['id']}", body, one.site.token).status == 201
    return f"DocumentReference/{body['id']}"


def decide(browser: Person, **form: str) -> Answer:
    return browser.post(WAY, browser.get(WAY), **form)


def undo(browser: Person) -> None:
    page = browser.get(WAY)
    found = re.search(r'name="back" value="([^"]+)"', page.body.decode())
    assert found and browser.post(WAY, page, back=found[1]).status == 302
    assert "Chưa đóng phần nào" in words(browser.get(WAY))


def sees(doctor: Person, one: Somebody, text: str) -> bool:
    page = doctor.get(f"/patients/{one.golden}/timeline")
    assert page.status == 200, page.status
    return text in words(page)


def test_a_kind_of_data_is_closed_and_opened_again(register: Register, person: Callable[[str], Person]) -> None:
    one, doctor = register("Tạ Thị Mai"), person("mai")
    browser = one.enrolled()
    assert sees(doctor, one, "718-7")
    assert decide(browser, close="kind", target="result").status == 302
    assert decide(browser, close="kind", target="result").status == 302
    assert browser.get(WAY).body.decode().count('name="back"') == 1
    assert not sees(doctor, one, "718-7") and "718-7" in words(browser.get("/me/timeline"))
    undo(browser)
    assert sees(doctor, one, "718-7")
    assert decide(browser, close="kind", target="result").status == 302 and not sees(doctor, one, "718-7")
    settled(one)
    assert "các quyết định chia sẻ của bạn" in words(browser.get("/me/log"))


def test_one_paper_is_closed(register: Register, person: Callable[[str], Person]) -> None:
    one, doctor = register("Tạ Thị Lan"), person("mai")
    name, browser = paper(one), one.enrolled()
    assert "Giấy ra viện tháng mười" in words(browser.get(WAY))
    token = one.site.token
    assert one.site.fhir_get(name, token).status == 200
    assert decide(browser, close="record", target=name).status == 302
    assert "Giấy ra viện tháng mười" in words(browser.get(WAY)) and not sees(doctor, one, "Giấy ra viện")
    undo(browser)


def test_a_facility_is_closed_out(register: Register, person: Callable[[str], Person]) -> None:
    one, doctor = register("Tạ Thị Cúc"), person("mai")
    browser = one.enrolled()
    assert decide(browser, close="facility", target="35001").status == 302
    assert not sees(doctor, one, "718-7")
    undo(browser)
    assert sees(doctor, one, "718-7")


def test_other_uses_are_closed_by_the_citizen_or_by_a_granted_restriction(
    register: Register,
    officer: Callable[[str], Person],  # noqa: F811
) -> None:
    browser = register("Tạ Văn Đào").enrolled()
    assert decide(browser, close="secondary").status == 302
    assert "nghiên cứu" in words(browser.get(WAY)) and 'value="secondary"' not in browser.get(WAY).body.decode()
    undo(browser)
    case = opened(browser, "/me/cases/new?kind=restriction", words=WHY, facility="35001")
    assert (
        step(officer("35001"), case.replace("/me/", "/"), step="answer", outcome="fulfilled", words=WHY).status == 302
    )
    assert 'value="secondary"' not in browser.get(WAY).body.decode()
    undo(browser)


@pytest.mark.parametrize(
    ("close", "target"),
    [
        ("", ""), ("everything", "x"), ("kind", "identity"), ("kind", "log"), ("kind", ""), ("facility", "35002"),
        ("facility", ""), ("facility", "x" * 5000), ("record", ""), ("record", "Observation/lab-p1"),
        ("record", "Patient/p1"), ("record", "Nothing/x"), ("record", "Observation/" + "x" * 5000),
        ("record", "Observation/../x"), ("record", "\x00/\x00"), ("record", "Observation/\x00"),
        ("kind", "\u202eresult"),
    ],
)  # fmt: skip
def test_nothing_else_can_be_closed_and_nothing_is_learned(register: Register, close: str, target: str) -> None:
    browser = register("Tạ Văn Mận").enrolled()
    answer = decide(browser, close=close, target=target)
    assert answer.status == 422
    if close == "record":
        absent = decide(browser, close=close, target="Observation/not-there")
        assert words(absent) == words(answer)
    assert "Chưa đóng phần nào" in words(browser.get(WAY))


def test_nobody_else_decides_or_undoes(register: Register, person: Callable[[str], Person]) -> None:
    one, other = register("Tạ Văn Lê"), register("Tạ Văn Táo")
    browser, stranger = one.enrolled(), other.enrolled()
    assert decide(browser, close="kind", target="result").status == 302
    wish = re.search(r'name="back" value="([^"]+)"', browser.get(WAY).body.decode())
    assert wish
    for back in (wish[1], "nothing", "\x00", "x" * 500):
        assert decide(stranger, back=back).status == 302
    assert 'name="back"' in browser.get(WAY).body.decode() and not sees(person("mai"), one, "718-7")
    for staff in ("mai", "thu", "quang"):
        assert person(staff).get(WAY).status == 404
