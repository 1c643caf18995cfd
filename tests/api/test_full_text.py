"""`_text` and `_content` over HTTP, on both engines: what is found, what is not kept, and the setting."""

from __future__ import annotations

import pytest
from tests.api.caller import Caller

from hoso.fhir.labels import names
from hoso.knowledge import full_text
from hoso.store import filling
from hoso.store.doctor import examine
from hoso.store.record_store import RecordStore

NOTES = {
    "a": ("Bệnh nhân sốt cao, ho khan", "Cảm cúm"),
    "b": ("Đau đầu; không sốt", "Đau nửa đầu &amp; chóng mặt"),
    "c": ("", "Gãy tay"),
}
FOUND = [
    ("_text=sốt", "ab"),
    ("_text=SOT CAO", "a"),
    ("_text=cao sot", "a"),
    ("_text=khan,dau", "ab"),
    ("_text=so", ""),
    ("_text=chong", ""),
    ("_content=chóng mặt", "b"),
    ("_content=cúm,gãy tay", "ac"),
    ("_content=final", "abc"),
    ("_content=div", ""),
    ("_content=hidden", ""),
    ("_text=sốt&status=final&_content=đầu", "b"),
    ("subject:Patient._content=lan", "a"),
    ("subject:text=bà lan", "a"),
    ("patient:text=lan,ha", "abc"),
    ("performer:text=lan", ""),
    ("_has:Provenance:target:agent:text=lan", ""),
]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "GRACE_MS", -1)


def test_words_are_found_wherever_they_stand(call: Caller, store: RecordStore) -> None:
    off = call("GET", "Observation?_text=sot", Accept_Language="vi")
    assert (off.status, off.keys) == (400, ["search.text-off"])
    assert "[search] text = true" in off.json["issue"][0]["details"]["text"]
    assert call("GET", "Observation?subject:text=lan").keys == ["search.text-off"]
    assert call("GET", "Observation?_display=lan").keys == ["search.unknown-parameter"]
    put_notes(call, "ab")
    call.records.parameters.settle(text=True)
    assert call("GET", "Observation?_content=sot").keys == ["search.filling"]
    put_notes(call, "c")
    fill(store)
    wrong = [(where, found) for where, ids in FOUND if (found := searched(call, where)) != list(ids)]
    assert wrong == []
    assert searched(call, "_text=sot", "") == ["a", "b"]
    common = {one["name"] for one in call("GET", "metadata").json["rest"][0]["searchParam"]}
    assert {"_text", "_content"} <= common
    for where, key in (
        ("_text=%20.", "search.empty"),
        ("_text:exact=a", "search.modifier"),
        ("_sort=_text", "search.sort"),
        (f"_text={'+'.join(map(str, range(60)))}", "search.many-words"),
    ):
        assert call("GET", f"Observation?{where}").keys == [key]  # fmt: skip
    call("PUT", "Observation/a", note("b") | {"id": "a"})
    assert searched(call, "_text=khan") == []
    assert [one for one in examine(store) if one.faults] == []
    call.records.parameters.settle(text=False)
    fill(store)
    assert call("GET", "Observation?_text=sot").keys == ["search.text-off"]
    assert [one for one in examine(store) if one.faults] == []


def test_a_sealed_record_keeps_no_words(call: Caller, store: RecordStore) -> None:
    call.records.parameters.settle(text=True)
    fill(store)
    put_notes(call, "a")
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]}
    call("PUT", "Condition/hiv", {
        "resourceType": "Condition", "id": "hiv", "subject": {"reference": "Patient/a"}, "code": code,
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">sốt kéo dài</div>'},
    })  # fmt: skip
    (mask,) = store.engine.reader().rows("SELECT y.mask FROM label y JOIN key k ON k.rid = y.rid WHERE k.id = 'hiv'")
    assert "HIV" in names(mask[0])
    assert searched(call, "_text=sot", "Condition") == [] and searched(call, "_text=sot") == ["a"]
    fill(store)
    assert [one for one in examine(store) if one.faults] == []


def test_the_setting_is_yes_or_no() -> None:
    assert (full_text({}), full_text({"text": True}), full_text({"text": False})) == (False, True, False)
    for wrong in ({"text": "yes"}, {"text": 1}, {"txt": True}):
        with pytest.raises(ValueError, match="text = true"):
            full_text(wrong)


def put_notes(call: Caller, ids: str) -> None:
    for id in ids:
        call(
            "PUT",
            f"Patient/{id}",
            {"resourceType": "Patient", "id": id, "name": [{"text": {"a": "Lan"}.get(id, "Hà")}]},
        )
        assert call("PUT", f"Observation/{id}", note(id)).status == 201


def note(id: str) -> dict[str, object]:
    said, found = NOTES[id]
    narrative = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><b>{said}</b></div>'}
    return {
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": found.replace("&amp;", "&")},
        "subject": {"reference": f"Patient/{id}", "display": {"a": "Bà LAN"}.get(id, "Ông Hà")},
        **({"text": narrative} if said else {}),
        "contained": [{"resourceType": "Patient", "id": "x", "name": [{"text": "hidden"}]}],
        "performer": [{"reference": "#x"}],
    }  # fmt: skip


def fill(store: RecordStore) -> None:
    while filling.step(store):
        pass


def searched(call: Caller, where: str, type: str = "Observation") -> list[str]:
    return call.found(f"{type}?{where}")
