from __future__ import annotations

import pytest
from tests.api.caller import Caller


def people(call: Caller, count: int) -> None:
    for n in range(count):
        call("PUT", f"Patient/p{n}", {"resourceType": "Patient", "id": f"p{n}", "birthDate": f"19{n:02}-01-01"})


def test_pages_follow_one_another_and_hold_each_record_once(call: Caller) -> None:
    people(call, 7)
    seen: list[str] = []
    url: str | None = "Patient?_count=3&_sort=birthdate"
    while url:
        page = call("GET", url)
        seen += [resource["id"] for resource in page.resources]
        url = page.link("next")
    assert seen == [f"p{n}" for n in range(7)]


def test_a_page_link_is_good_only_for_its_caller_and_its_query(call: Caller) -> None:
    people(call, 3)
    link = call("GET", "Patient?_count=1").link("next") or ""
    assert call("GET", link).status == 200
    assert call.holding("system/*.cruds")("GET", link).keys == ["rest.bad-page"]
    assert call("GET", link.replace("_count=1", "_count=2")).keys == ["rest.bad-page"]
    assert call("GET", link[:-3] + "xyz").keys == ["rest.bad-page"]
    assert call("GET", "Patient?_page=%C3%A9").keys == ["rest.bad-page"]


def test_the_self_link_says_what_ran(call: Caller) -> None:
    assert call("GET", "Patient?name=%C4%90an&_count=5").link("self") == (
        "http://hoso.test/fhir/Patient?name=%C4%90an&_count=5"
    )
    lenient = call("GET", "Patient?pony=1&active=true", Prefer="handling=lenient")
    assert lenient.link("self") == "http://hoso.test/fhir/Patient?active=true"
    assert lenient.json["entry"][-1]["search"]["mode"] == "outcome"
    assert call("GET", "Patient?pony=1").status == 400


def test_an_empty_result_has_no_entry(call: Caller) -> None:
    found = call("GET", "Patient?_id=none").json
    assert (found["total"], "entry" in found) == (0, False)
    people(call, 2)
    counted = call("GET", "Patient?_summary=count").json
    assert (counted["total"], "entry" in counted) == (2, False)


def test_search_by_post_takes_a_form(call: Caller) -> None:
    people(call, 3)
    form = "application/x-www-form-urlencoded"
    assert len(call("POST", "Patient/_search", b"_id=p0,p1", Content_Type=form).resources) == 2
    assert len(call("POST", "Patient/_search?_id=p0,p1", b"_id=p1", Content_Type=form).resources) == 1
    assert call("POST", "Patient/_search", b"{}", Content_Type="application/json").status == 415
    assert call("POST", "Patient/_search").status == 200
    assert len(call("POST", "_search", b"_id=p0", Content_Type=form).resources) == 1


def test_a_compartment_holds_what_is_the_patients(call: Caller) -> None:
    people(call, 2)
    for n in (0, 1):
        call.make("Observation", status="final", code={"text": "x"}, subject={"reference": f"Patient/p{n}"})
    found = call("GET", "Patient/p0/Observation").resources
    assert [one["subject"]["reference"] for one in found] == ["Patient/p0"]
    assert len(call("GET", "Patient/p0/*").resources) >= 1
    assert call("GET", "Patient/p0/Observation?status=final").link("self") == (
        "http://hoso.test/fhir/Patient/p0/Observation?status=final"
    )


def test_summaries_and_elements_are_marked_and_keep_digits(call: Caller) -> None:
    body = (
        b'{"resourceType":"Observation","status":"final","code":{"text":"x"},"note":[{"text":"n"}],'
        b'"valueQuantity":{"value":1.10},"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\">d</div>"}}'
    )
    call("POST", "Observation", body)
    summary = call("GET", "Observation?_summary=true")
    assert b"1.10" in summary.body
    (found,) = summary.resources
    assert "note" not in found
    assert found["meta"]["tag"][0]["code"] == "SUBSETTED"
    (text,) = call("GET", "Observation?_summary=text").resources
    assert set(text) == {"resourceType", "id", "meta", "text", "status", "code"}
    (data,) = call("GET", "Observation?_summary=data").resources
    assert "text" not in data and "note" in data
    (chosen,) = call("GET", "Observation?_elements=value").resources
    assert set(chosen) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}


def test_vietnamese_that_is_not_percent_encoded_is_read_as_it_is_meant(call: Caller) -> None:
    call("PUT", "Patient/d", {"resourceType": "Patient", "id": "d", "name": [{"family": "Đặng"}]})
    form = "application/x-www-form-urlencoded"
    answer = call("GET", "Patient?family:exact=Đặng")
    assert [one["id"] for one in answer.resources] == ["d"]
    assert answer.link("self") == "http://hoso.test/fhir/Patient?family:exact=%C4%90%E1%BA%B7ng"
    posted = call("POST", "Patient/_search", "family:exact=Đặng".encode(), Content_Type=form)
    assert [one["id"] for one in posted.resources] == ["d"]
    broken = call("POST", "Patient/_search", b"family=\xff", Content_Type=form)
    assert (broken.status, broken.keys) == (400, ["rest.query-not-utf8"])


def test_a_search_over_everything_finds_only_what_the_caller_may_see(call: Caller) -> None:
    people(call, 1)
    call.make("Observation", status="final", code={"text": "x"})
    assert {one["resourceType"] for one in call("GET", "").resources} == {"Patient", "Observation"}
    assert {one["resourceType"] for one in call.holding("system/Patient.rs")("GET", "").resources} == {"Patient"}


def test_includes_of_a_type_out_of_scope_stay_out(call: Caller) -> None:
    people(call, 1)
    call.make("Observation", status="final", code={"text": "x"}, subject={"reference": "Patient/p0"})
    path = "Observation?_include=Observation:subject"
    assert len(call("GET", path).resources) == 2
    assert len(call.holding("system/Observation.rs")("GET", path).resources) == 1


def test_history_of_a_record_tells_every_version_newest_first(call: Caller) -> None:
    for active in (True, False):
        call("PUT", "Patient/a", {"resourceType": "Patient", "id": "a", "active": active})
    call("DELETE", "Patient/a")
    page = call("GET", "Patient/a/_history").json
    assert page["type"] == "history"
    assert [one["request"]["method"] for one in page["entry"]] == ["DELETE", "PUT", "PUT"]
    assert [one["response"]["status"] for one in page["entry"]] == ["204", "200", "201"]
    assert "resource" not in page["entry"][0]
    assert call("GET", "Patient/none/_history").status == 404


@pytest.mark.parametrize("path", ["Patient/p0/_history", "Patient/_history", "_history"])
def test_history_comes_in_pages(call: Caller, path: str) -> None:
    people(call, 2)
    people(call, 2)
    first = call("GET", f"{path}?_count=1")
    second = call("GET", first.link("next") or "")
    assert len(first.json["entry"]) == len(second.json["entry"]) == 1
    assert first.json["entry"][0]["response"]["etag"] == 'W/"2"'
    assert first.json["entry"][0] != second.json["entry"][0]


def test_history_since_and_at(call: Caller) -> None:
    people(call, 1)
    assert len(call("GET", "Patient/_history?_since=2020").resources) == 1
    assert call("GET", "Patient/_history?_since=2990-01-01").json.get("entry") is None
    assert call("GET", "Patient/p0/_history?_at=2990").json["entry"][0]["resource"]["id"] == "p0"
    for query in ("_since=pony", "_count=-1", "_count=99999999", "pony=1", "_since=2020&_since=2021"):
        assert call("GET", f"Patient/_history?{query}").status == 400


def test_everything_is_the_whole_record_in_one_piece_or_in_pages(call: Caller) -> None:
    people(call, 2)
    call("PUT", "Practitioner/d", {"resourceType": "Practitioner", "id": "d"})
    for n in range(4):
        subject, performer = {"reference": "Patient/p0"}, [{"reference": "Practitioner/d"}]
        call.make("Observation", status="final", code={"text": str(n)}, subject=subject, performer=performer)
    call.make("Observation", status="final", code={"text": "x"}, subject={"reference": "Patient/p1"})
    whole = call("GET", "Patient/p0/$everything")
    ids = [resource["id"] for resource in whole.resources]
    assert len(ids) == len(set(ids)) == 6
    seen: list[str] = []
    url: str | None = "Patient/p0/$everything?_count=4"
    while url:
        page = call("GET", url)
        seen += [resource["id"] for resource in page.resources]
        url = page.link("next")
    assert seen == ids
    assert len(call("GET", "Patient/p0/$everything?_type=Observation").resources) == 4
    assert call("GET", "Patient/p0/$everything?_since=2990").json.get("entry") is None
    assert call("GET", "Patient/none/$everything").status == 404
    assert call("GET", "Patient/p0/$everything?pony=1").status == 400


def test_everything_of_a_group_is_that_of_its_members(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    people(call, 3)
    call("PUT", "Practitioner/d", {"resourceType": "Practitioner", "id": "d"})
    for n in range(3):
        call("PUT", f"Observation/o{n}", {
            "resourceType": "Observation", "id": f"o{n}", "status": "final", "code": {"text": str(n)},
            "subject": {"reference": f"Patient/p{n}"}, "performer": [{"reference": "Practitioner/d"}],
        })  # fmt: skip
    members = [{"entity": {"reference": f"Patient/{id}"}} for id in ("p0", "p1", "p0", "none")]
    gone = {"entity": {"reference": "Patient/p2"}, "inactive": True}
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "member": [*members, gone]}
    call("PUT", "Group/g", group)
    ids = [one["id"] for one in call("GET", "Group/g/$everything").resources]
    assert sorted(ids) == ["d", "g", "o0", "o1", "p0", "p1"] and ids[0] == "g"
    assert [one["id"] for one in call("GET", "Group/g/$everything?_type=Observation").resources] == ["o0", "o1"]
    first = call("GET", "Group/g/$everything?_count=4")
    assert [one["id"] for page in (first, call("GET", first.link("next") or "")) for one in page.resources] == ids
    other = call.holding("system/Group.r system/Observation.s system/Patient.s")
    assert other("GET", "Group/g/$everything").status == 403
    assert call("GET", "Group/none/$everything").status == 404
    monkeypatch.setattr("hoso.api.everything.MEMBERS", 2)
    assert call("GET", "Group/g/$everything").keys == ["rest.everything-group"]


def test_a_posted_search_may_say_how_it_is_to_be_answered(call: Caller) -> None:
    form = "application/x-www-form-urlencoded"
    assert call("POST", "Patient/_search", b"_format=ttl", Content_Type=form).status == 406
    answer = call("POST", "Patient/_search", b"_format=json&_pretty=true", Content_Type=form)
    assert answer.status == 200 and answer.body.count(b"\n") > 3


def test_the_history_of_what_never_was_is_not_found_whatever_else_is_asked(call: Caller) -> None:
    call("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"})
    for parameters in ("", "?_count=3", "?_count=0", "?_since=2030-01-01"):
        assert call("GET", f"Patient/b/_history{parameters}").status == 404
        assert call("GET", f"Patient/a/_history{parameters}").status == 200
