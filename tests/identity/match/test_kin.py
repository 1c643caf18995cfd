"""Guardians and workplaces: they let a child without papers be known, tell look-alikes apart, and never link alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.identity.match.people import judged, record

from hoso.identity.match.frequency import shipped
from hoso.identity.match.levels import GUARDIAN, NAMES, WORKPLACE
from hoso.identity.match.packed import Packed, encode, packed, unpack
from hoso.identity.match.weights import default_model, read, write
from hoso.identity.normalise import normalise

PHONE, OTHER = "0912004713", "0987004329"


def person(name: str, born: str, *, phone: str = "", guardian: str = "", called: str = "", work: str = "") -> Packed:
    patient: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": name}], "birthDate": born, "gender": "male"}
    if phone:
        patient["telecom"] = [{"system": "phone", "value": phone}]
    if guardian or called:
        contact: dict[str, Any] = {"name": {"text": guardian}} if guardian else {}
        patient["contact"] = [{**contact, **({"telecom": [{"system": "phone", "value": called}]} if called else {})}]
    if work:
        patient["extension"] = [{"url": "https://hoso.vn/StructureDefinition/workplace", "valueString": work}]
    return packed(normalise(patient))


CHILD = ("Phạm Gia Bảo", "2015-05-12")


def test_a_guardians_phone_stands_for_the_family_beside_name_and_birth() -> None:
    alone = judged(person(*CHILD), person(*CHILD, phone=PHONE))
    assert (alone.outcome, alone.vetoes) == ("possible", ("name-and-birth-only",))
    for other in (person(*CHILD, phone=PHONE), person(*CHILD, guardian="Lê Thị Hoa", called=PHONE)):
        assert judged(person(*CHILD, called=PHONE), other).outcome == "certain"
    assert judged(person(*CHILD, guardian="LE THI HOA"), person(*CHILD, guardian="Lê Thị Hoa")).outcome == "certain"


def test_neither_a_guardian_nor_a_school_links_another_child() -> None:
    known = person(*CHILD, phone=PHONE, guardian="Lê Thị Hoa", work="Tiểu học Ba Vì - 5A")
    same: dict[str, str] = {"guardian": "Lê Thị Hoa", "called": PHONE, "work": "tieu hoc ba vi - 5a"}
    for name, born in (
        ("Phạm Gia Huy", "2015-05-12"),  # the twin
        ("Phạm Gia Huy", "2013-02-01"),  # the brother
        ("Phạm Gia Bảo", "1985-05-12"),  # the father of that name
        ("Trần Văn Sơn", "2015-11-30"),  # somebody of the class
    ):
        found = judged(person(name, born, **same), known)
        assert found.outcome != "certain", (name, born)
        assert sum(found.fields.get(field, 0) for field in ("guardian", "workplace")) <= 10


def test_a_school_alone_is_no_support_for_a_name_and_a_birth() -> None:
    found = judged(person(*CHILD, work="Tiểu học Ba Vì"), person(*CHILD, work="TIEU HOC BA VI"))
    assert (found.outcome, found.vetoes) == ("possible", ("name-and-birth-only",))
    assert found.fields["workplace"] > 0


def test_the_phone_of_the_family_counts_once() -> None:
    found = judged(person(*CHILD, phone=PHONE, called=PHONE), person(*CHILD, phone=PHONE, called=PHONE))
    assert "guardian" not in found.fields
    both = judged(person(*CHILD, phone=PHONE, called=OTHER), person(*CHILD, called=OTHER))
    assert both.fields["guardian"] > 0


def test_who_has_neither_is_packed_and_scored_as_before() -> None:
    plain = record("Phạm Gia Bảo", "2015-05-12")
    assert unpack(encode(plain)) == plain
    assert len(encode(plain)) == len(encode(Packed(*list(_fields(plain))[:10])))
    found = judged(plain, record("Phạm Gia Bảo", "2015-05-12"))
    assert {"guardian", "workplace"}.isdisjoint(found.fields)
    assert NAMES[GUARDIAN] == "guardian" and NAMES[WORKPLACE] == "workplace"


def _fields(one: Packed) -> list[Any]:
    return [getattr(one, name) for name in one.__struct_fields__]


def test_weights_that_were_learned_before_take_what_is_assumed(tmp_path: Path) -> None:
    text = write(default_model())
    older = text[: text.index("[fields.guardian]")]
    (tmp_path / "learned.toml").write_text(older, "utf-8")
    learned = read(tmp_path / "learned.toml", shipped())
    assert learned.chances["guardian"] == default_model().chances["guardian"]
