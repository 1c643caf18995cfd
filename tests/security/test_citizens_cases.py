"""What a citizen asks and a privacy officer answers, through the pages of both."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from tests.security.apps import Answer, Person, Site
from tests.security.citizens import Register, Somebody
from tests.security.people import words
from tests.security.test_citizens_log import settled
from tests.security.test_oauth_told import events

from hoso import compose
from hoso.web.accounts import registry

WHY = "Tôi chưa từng đến cơ sở này để khám"


@pytest.fixture
def officer(site: Site, person: Callable[[str], Person]) -> Callable[[str], Person]:
    """officer("35001"): a privacy officer of a facility."""

    def made(facility: str) -> Person:
        config, name = compose.load(site.folder), f"po-{facility}"
        from hoso.web.accounts.models import Account

        if not Account.objects.filter(username=name).exists():
            compose.hire(config, name, "privacy-officer", facility, "Gieng-nuoc-trong-2026")
            registry.enrol(config, name, registry.new_secret(config))
        return person(name)

    return made


def looked_at(one: Somebody, staff: Person) -> tuple[Person, str]:
    """The citizen, and the address under which a look of the doctor is asked about."""
    assert staff.get(f"/patients/{one.golden}").status == 200
    browser = one.enrolled()
    settled(one)
    for part in browser.get("/me/log").body.decode().split("<li class=")[1:]:
        if "<b>mai</b>" in part:
            found = re.search(r'href="(/me/cases/new\?event=\d+)"', part)
            assert found
            return browser, found[1]
    raise AssertionError("no look of mai in the log")


def opened(browser: Person, way: str, **form: str) -> str:
    answer = browser.post(way, browser.get(way), **form)
    assert answer.status == 302, words(answer)
    return answer.headers["location"]


def step(staff: Person, way: str, **form: str) -> Answer:
    return staff.post(way, staff.get(way), **form)


def test_a_look_that_seems_wrong_is_answered_by_the_facility(
    register: Register, person: Callable[[str], Person], officer: Callable[[str], Person]
) -> None:
    one = register("Mạc Thị Bưởi")
    browser, way = looked_at(one, person("mai"))
    case = opened(browser, way, words=WHY)
    assert case == opened(browser, way, words="Bấm gửi lần nữa cùng một dòng")
    said = words(browser.get(case))
    assert WHY in said and "Chờ trả lời" in said and "Hạn trả lời" in said
    own = officer("35001")
    theirs = case.replace("/me/", "/")
    assert theirs in own.get("/cases").body.decode() and one.name in words(own.get(theirs))
    assert step(own, theirs, step="answer", outcome="fulfilled", words=WHY).status == 422
    assert step(own, theirs, step="answer", outcome="improper", words="ngắn").status == 422
    assert step(own, theirs, step="acknowledge").status == 302
    assert step(own, theirs, step="answer", outcome="improper", words="Bác sĩ đã xem khi không có việc").status == 302
    said = words(browser.get(case))
    assert "sai quy định" in said and "Bác sĩ đã xem khi không có việc" in said
    assert step(own, theirs, step="close").status == 302
    assert theirs not in own.get("/cases").body.decode() and "Đã đóng" in words(browser.get(case))
    kinds = [e.kind for e in events(one.site, case.rpartition("/")[2]) if e.kind.startswith("case-")]
    assert kinds == ["case-opened", "case-acknowledged", "case-answered", "case-closed"]
    settled(one)
    assert "đã trả lời yêu cầu của bạn" in words(browser.get("/me/log"))


def test_nobody_else_learns_of_a_case(
    register: Register, person: Callable[[str], Person], officer: Callable[[str], Person]
) -> None:
    one, other = register("Mạc Văn Dừa"), register("Mạc Văn Cau")
    browser, way = looked_at(one, person("mai"))
    case = opened(browser, way, words=WHY)
    stranger = other.enrolled()
    absent = stranger.get("/me/cases/019bcd00-0000-7000-8000-000000000000")
    for found in (stranger.get(case), stranger.get(way), stranger.post(f"{case}/copy", stranger.get("/me/cases"))):
        assert found.status == absent.status == 404 and words(found) == words(absent)
    for odd in ("%00", "x" * 500, "..%2f..", "%f0%28%8c%28"):
        assert stranger.get(f"/me/cases/{odd}").status == 404 and officer("35001").get(f"/cases/{odd}").status == 404
    theirs = case.replace("/me/", "/")
    away = officer("35002")
    assert theirs not in away.get("/cases").body.decode()
    assert away.get(theirs).status == away.get("/cases/nothing").status == 404
    assert step_as(away, theirs).status == 404
    for staff in ("mai", "thu", "quang"):
        for path in ("/cases", theirs, "/me/cases", case):
            assert person(staff).get(path).status == 404, (staff, path)
    assert browser.get("/cases").status == browser.get(theirs).status == 404


def step_as(staff: Person, way: str) -> Answer:
    return staff.post(way, staff.get("/cases"), step="answer", outcome="proper", words="Tôi trả lời hộ cơ sở khác")


@pytest.mark.parametrize(
    "text", ["", "ngắn", " " * 50, "\x00\u202e\u200b" * 20, "x" * 2_001, "dài " * 5_000], ids=range(6)
)
def test_words_that_will_not_do_are_said_so(register: Register, text: str) -> None:
    browser = register("Mạc Thị Ớt").enrolled()
    way = "/me/cases/new?kind=correction"
    answer = browser.post(way, browser.get(way), words=text, facility="-")
    assert answer.status == 422 and "2000" in words(answer)
    assert "Bạn chưa gửi yêu cầu nào" in words(browser.get("/me/cases"))


def test_what_is_written_is_shown_as_text_and_nothing_else(register: Register) -> None:
    browser = register("Mạc Thị Hành").enrolled()
    case = opened(
        browser, "/me/cases/new?kind=correction", words="<script>alert(1)</script> \u202e{{7*7}}\x07", facility="-"
    )
    body = browser.get(case).body.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in body and "<script>alert" not in body


@pytest.mark.parametrize(
    "query", ["", "kind=look", "kind=x", "event=-1", "event=99999999999999", "event=x", "event=" + "9" * 99]
)
def test_what_is_nothing_to_ask_for_is_not_there(register: Register, query: str) -> None:
    assert register("Mạc Văn Riềng").enrolled().get(f"/me/cases/new?{query}").status == 404


def test_a_facility_that_the_record_does_not_name_is_not_asked(register: Register) -> None:
    browser = register("Mạc Văn Nghệ").enrolled()
    way = "/me/cases/new?kind=access"
    for facility in ("35002", "", "x" * 500):
        assert browser.post(way, browser.get(way), words=WHY, facility=facility).status == 422


def test_a_copy_that_was_granted_is_the_whole_record_and_no_other(
    register: Register, officer: Callable[[str], Person]
) -> None:
    one, other = register("Mạc Thị Quế"), register("Mạc Thị Hồi")
    browser, own = one.enrolled(), officer("35001")
    case = opened(browser, "/me/cases/new?kind=access", words="Tôi cần cho bác sĩ ở nước ngoài", facility="35001")
    assert browser.post(f"{case}/copy", browser.get(case)).status == 404
    theirs = case.replace("/me/", "/")
    assert step(own, theirs, step="acknowledge", third="yes").status == 302
    assert "phải hỏi bên khác" in words(browser.get(case))
    assert step(own, theirs, step="extend", reason="Hồ sơ giấy ở kho xa").status == 302
    assert "Hồ sơ giấy ở kho xa" in words(browser.get(case))
    assert step(own, theirs, step="answer", outcome="fulfilled", words="Bạn tải bản sao tại đây").status == 302
    answer = browser.post(f"{case}/copy", browser.get(case))
    assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]
    found = {f"{r['resourceType']}/{r['id']}" for r in (e["resource"] for e in json.loads(answer.body)["entry"])}
    assert {f"Patient/{one.record}", f"Observation/o-{one.record[2:]}", f"Encounter/v-{one.record[2:]}"} <= found
    assert not any(other.record in name or other.golden in name for name in found)
    stranger = other.enrolled()
    assert stranger.post(f"{case}/copy", stranger.get("/me/cases")).status == 404


def test_erasing_too_early_is_refused_with_the_reason_and_restriction_is_offered(
    register: Register, officer: Callable[[str], Person]
) -> None:
    browser = register("Mạc Văn Gừng").enrolled()
    case = opened(browser, "/me/cases/new?kind=erasure", words="Hãy xóa hết hồ sơ của tôi", facility="35001")
    assert case == opened(browser, "/me/cases/new?kind=erasure", words="Hãy xóa hết hồ sơ của tôi", facility="35001")
    page = browser.get(case)
    assert "33/2025" in words(page) and "Từ chối" in words(page)
    assert 'href="/me/cases/new?kind=restriction"' in page.body.decode()
    assert (
        step(officer("35001"), case.replace("/me/", "/"), step="answer", outcome="fulfilled", words=WHY).status == 302
    )
    assert "Từ chối" in words(browser.get(case))
