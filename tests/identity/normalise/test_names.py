"""Names in every form in which they reach a record, and names that must be left alone."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.identity.normalise.writing import (
    TELEX,
    TELEX_TONES,
    VNI,
    VNI_TONES,
    in_font,
    people,
    tone_moved,
    typed,
    unmarked,
)

from hoso.identity.normalise import Name, Person, normalise


def person(name: str | dict[str, Any], **more: Any) -> Person:
    return normalise({"resourceType": "Patient", "name": [{"text": name} if isinstance(name, str) else name], **more})


def read(name: str | dict[str, Any]) -> Name:
    return person(name).names[0]


def forms(name: Name) -> tuple[str, ...]:
    return name.family, " ".join(name.middle), name.given, name.toned, name.plain, name.skeleton


@settings(deadline=None)
@given(people)
def test_normal_form_case_and_tone_place_make_no_difference(name: str) -> None:
    expected = forms(read(name))
    for written in (
        unicodedata.normalize("NFD", name),
        unicodedata.normalize("NFKD", name),
        name.upper(),
        name.lower(),
        tone_moved(name),
        tone_moved(name).upper(),
        f"  {name.replace(' ', chr(0xA0) * 2)}\t",
        "\u200b".join(name),
        name.replace("Đ", "Ð").replace("đ", "ð"),
    ):
        assert forms(read(written)) == expected, written


@settings(deadline=None)
@given(people, st.booleans())
def test_a_name_typed_with_telex_keys_is_the_name(name: str, at_end: bool) -> None:
    keys = typed(name, TELEX, TELEX_TONES, at_end)
    found = read(keys)
    if found.toned == keys:  # too few keys to be sure: then nothing is changed
        assert keys == name.lower() or len(keys) <= len(unmarked(name)) + 2
    else:
        assert forms(found) == forms(read(name))


@settings(deadline=None)
@given(people, st.booleans())
def test_a_name_typed_with_vni_keys_is_the_name(name: str, at_end: bool) -> None:
    keys = typed(name, VNI, VNI_TONES, at_end)
    found = read(keys)
    if found.toned != read(name).toned:  # too few keys to be sure, and a digit behind a word is no letter
        assert found.plain == read(name).plain and sum(ch.isdigit() for ch in keys) <= 2
    else:
        assert forms(found) == forms(read(name))


@settings(deadline=None)
@given(people, st.sampled_from(["tcvn3", "vni"]))
def test_a_name_in_an_old_font_is_the_name(name: str, font: str) -> None:
    written = in_font(name, font)
    found = person(written)
    if font in found.notes:
        assert forms(found.names[0]) == forms(read(name))
    else:  # every word is also a word in Unicode: "Thò" for Thị alone proves nothing
        assert forms(found.names[0])[3] == unicodedata.normalize("NFC", written).lower() or written.isascii()


@settings(deadline=None)
@given(people)
def test_utf8_read_as_latin1_is_the_name(name: str) -> None:
    assert forms(read(name.encode().decode("latin-1"))) == forms(read(name))


@settings(deadline=None)
@given(people)
def test_without_marks_the_plain_form_and_the_skeleton_stay(name: str) -> None:
    toned, plain = read(name), read(unmarked(name))
    assert (plain.plain, plain.skeleton) == (toned.plain, toned.skeleton)
    assert plain.toned == toned.plain


OTHERS = (
    "Y Khoa Niê Kđăm", "H'Hen Niê", "Rơ Châm Blul", "Púi", "Giàng A Páo", "Tôn Nữ Thị Hoa", "John Paul Smith",
    "O'Brien", "Aaron697 Stanton715", "Иван Петров", "José Peña", "Lee Max", "An Văn Nguyễn", "Ông Nguyễn Văn An",
    "Nguyễn Văn An 2",
)  # fmt: skip


@settings(deadline=None)
@given(people | st.sampled_from(OTHERS), st.sampled_from(["toned", "parts"]))
def test_normalising_its_own_output_changes_nothing(name: str, how: str) -> None:
    once = read(name)
    given_first = once.toned == " ".join((once.family, once.given, *once.middle))
    given = [once.given, *once.middle] if given_first else [*once.middle, once.given]
    parts = {"family": once.family, "given": given}
    again = read(once.toned if how == "toned" else parts)
    assert forms(again) == forms(once)


@pytest.mark.parametrize(
    "written",
    [
        "Nguyễn Văn An (BHYT hết hạn)",
        "Nguyễn Văn An [trái tuyến]",
        "Nguyễn Văn An - thẻ hết hạn 12/2024",
        "NGUYỄN VĂN AN BHYT",
        "Ông Nguyễn Văn An",
        "Bé Nguyễn Văn An",
        "Cháu Nguyễn Văn An",
        "ONG NGUYỄN VĂN AN".replace("ONG", "ÔNG"),
        "Nguyễn Van8 An",
        "Nguyễn Vawn An",
        "BN Nguyễn Văn An",
        "Nguyễn Văn An 2",
        "Nguyễn Văn An2",
        "Nguyễn  Văn\u00adAn".replace("\u00ad", " "),
        "Nguyễn Vаn An".replace("Vаn", "V\u0103n"),
        "Ｎｇｕｙễｎ Văn An",
        "An Văn Nguyễn",
        "Nguyeenx Vawn An",
        "Nguye6n4 Va8n An",
    ],
)
def test_titles_notes_digits_and_turned_names_come_to_one_name(written: str) -> None:
    assert read(written).toned == "nguyễn văn an"
    assert read(written).original == written


@pytest.mark.parametrize(
    ("written", "mother", "twin"),
    [
        ("Con bà Nguyễn Thị Hoa", "nguyễn thị hoa", None),
        ("CON BÀ NGUYỄN THỊ HOA 2", "nguyễn thị hoa", 2),
        ("CB NGUYEN THI HOA", "nguyen thi hoa", None),
        ("C/B Nguyễn Thị Hoa1", "nguyễn thị hoa", 1),
        ("Trẻ sơ sinh con bà Trần Thị Lý", "trần thị lý", None),
        ("Bé 2 con bà Trần Thị Lý", "trần thị lý", 2),
        ("con baf Nguyeenx Thij Hoa", "nguyễn thị hoa", None),
        ("CON NGUYỄN THỊ HOA", "nguyễn thị hoa", None),
        ("Con ông Nguyễn Văn Ba", "", None),
        ("Bé gái", "", None),
        ("BT TRẦN THỊ VÂN HÀ 1", "trần thị vân hà", 1),
        ("Vô danh", "", None),
        ("VO DANH", "", None),
        ("???", "", None),
        ("unknown", "", None),
    ],
)
def test_a_placeholder_is_no_name_and_names_the_mother(written: str, mother: str, twin: int | None) -> None:
    found = person(written)
    assert found.names[0].placeholder and found.names[0].toned == "" and found.names[0].original == written
    assert (found.mother, found.twin) == (mother, twin)
    assert "placeholder" in found.notes


def test_a_child_with_a_name_keeps_it_beside_the_mothers() -> None:
    found = person("Nguyễn An (con bà Trần Thị Hoa)")
    assert found.names[0].toned == "nguyễn an" and not found.names[0].placeholder
    assert found.mother == "trần thị hoa"


@pytest.mark.parametrize(
    "written",
    ["Lee Max", "Kim Lee", "Tom Max", "Hans Lang", "Aaron697 Stanton715", "José Peña", "Jürgen Müller", "Иван Петров",
     "Anne Brown", "Ross Fox", "Thò Hoa"],
)  # fmt: skip
def test_names_of_other_languages_and_doubtful_ones_are_left_alone(written: str) -> None:
    found = person(written)
    assert found.names[0].toned == unicodedata.normalize("NFC", written).lower() and not found.notes


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ({"family": "Nguyễn Văn", "given": ["An"]}, ("nguyễn", ("văn",), "an")),
        ({"family": "Nguyễn Văn An", "given": ["An"]}, ("nguyễn", ("văn",), "an")),
        ({"family": "Lan", "given": ["Nguyễn", "Thị"]}, ("nguyễn", ("thị",), "lan")),
        ({"family": "An", "given": ["Văn", "Nguyễn"]}, ("nguyễn", ("văn",), "an")),
        ({"family": "Nguyễn", "given": ["Văn An"]}, ("nguyễn", ("văn",), "an")),
        ({"text": "Bạch Huỳnh Anh", "family": "Bạch", "given": ["Huỳnh", "Anh"]}, ("bạch", ("huỳnh",), "anh")),
        ({"family": "Smith", "given": ["John", "Paul"]}, ("smith", ("paul",), "john")),
        ({"text": "John Paul Smith", "family": "Smith", "given": ["John", "Paul"]}, ("smith", ("paul",), "john")),
        ({"text": "Y Khoa Niê Kđăm"}, ("niê kđăm", ("y",), "khoa")),
        ({"text": "H'Hen Niê", "family": "Niê", "given": ["H'", "Hen"]}, ("niê", ("h",), "hen")),
        ({"text": "Tôn Nữ Thị Hoa"}, ("tôn nữ", ("thị",), "hoa")),
        ({"text": "Rơ Châm Blul"}, ("rơ châm", (), "blul")),
        ({"text": "Y Blim"}, ("", ("y",), "blim")),
        ({"text": "Púi"}, ("", (), "púi")),
        ({"text": "LE MINNH TOAN"}, ("le", ("minnh",), "toan")),
        ({"text": "NGUYENG VAN CONG", "family": "NGUYENG"}, ("nguyeng", ("van",), "cong")),
        ({"given": [None, "An"]}, ("", (), "an")),
    ],
)
def test_family_middle_and_given_are_found(name: dict[str, Any], parts: tuple[str, tuple[str, ...], str]) -> None:
    found = read(name)
    assert (found.family, found.middle, found.given) == parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoàng Sỹ Sơn", "Huỳnh Sĩ Xơn"),
        ("Vũ Trung", "Võ Chung"),
        ("Lê Phúc Long", "Nê Phước Nong"),
        ("Trần Dung", "Trần Giung"),
        ("Bùi Văn Việt", "Bùi Dăn Diệc"),
        ("Ngô Lan", "Ngô Lang"),
    ],
)
def test_regional_spellings_have_one_skeleton(one: str, other: str) -> None:
    assert read(one).skeleton == read(other).skeleton


@pytest.mark.parametrize("written", ["Ông Đinh Lộc", "Chu Hoàng Anh Sơn", "Anh Đào", "Bế Văn Đàn", "Nguyễn Max"])
def test_what_may_be_a_name_is_no_title_and_no_key(written: str) -> None:
    assert read(written).toned == written.lower()


def test_a_long_name_is_compared_by_its_beginning_and_kept_whole() -> None:
    name = "Nguyễn " + "Văn " * 1250 + "An"
    found = person(name)
    assert found.names[0].truncated and "truncated" in found.notes
    assert found.names[0].original == name and len(found.names[0].toned) < 300


def test_the_best_name_comes_first_and_none_comes_twice() -> None:
    found = normalise(
        {
            "name": [
                {"use": "old", "text": "Nguyễn Thị Cũ"},
                {"use": "official", "text": "Con bà Nguyễn Thị Hoa"},
                {"use": "usual", "text": "Nguyễn Thị Hoà"},
                {"text": "NGUYỄN THỊ HÒA"},
                {"text": ""},
            ]
        }
    )
    assert [name.toned for name in found.names] == ["nguyễn thị hòa", "nguyễn thị cũ", ""]


def test_contacts_and_an_extension_name_mother_and_guardians() -> None:
    found = normalise(
        {
            "name": [{"text": "Nguyễn An"}],
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName",
                    "valueString": "TRẦN THỊ LÝ",
                }
            ],
            "contact": [
                {"relationship": [{"coding": [{"code": "FTH"}]}], "name": {"text": "Nguyễn Văn Ba"}},
                {"relationship": [{"coding": [{"code": "MTH"}]}], "name": {"text": "Trần Thị Lý"}},
                {"name": {"text": ""}},
            ],
        }
    )
    assert found.mother == "trần thị lý"
    assert [name.toned for name in found.guardians] == ["trần thị lý", "nguyễn văn ba"]
