"""HoSo's own words for diagnoses: about codes that are there, and found as people type them."""

from __future__ import annotations

from hoso.fhir import systems
from hoso.fhir.terminology import CodeSystem, Concept, Head, Wish, expand, select, shipped
from hoso.fhir.terminology.checking import Coding, in_system
from hoso.fhir.terminology.tables import rows

DAY = "2026-11-26"
SEX = {"female": "OCN", "male": "CN"}
"""Chapters whose codes are of one sex only."""
SOLE = ("B37.3", "D25.9", "D27", "E28.2", "Z01.4", "Z32.1", "Z34.9", "Z39.2")


def found(text: str, count: int = 8) -> list[str]:
    library = shipped()
    value_set = library.value_set("http://hl7.org/fhir/ValueSet/icd-10")
    assert value_set is not None
    wish = Wish(DAY, "vi", text=text, count=count)
    return [str(one["code"]) for one in expand(select(library, value_set.tree, DAY), wish).contains]


def test_every_word_is_of_a_code_in_the_list_once_in_order_and_in_both_languages() -> None:
    system = shipped().system(systems.ICD10)
    assert system is not None
    table = list(rows("diagnosis_words.csv"))
    codes = [row["code"] for row in table]
    assert len(table) >= 500 and codes == sorted(set(codes))
    for row in table:
        concept = system.find(row["code"])
        assert concept is not None, row
        assert all(row[name].strip() == row[name] != "" for name in ("vi", "en", "lay_vi", "lay_en")), row
        assert None not in row and row["vi"][0].isupper() and row["en"][0].isupper(), row
        assert (concept.vi, concept.en) == (row["vi"], row["en"])
        assert "" not in concept.words
        sex = concept.property("sex")
        assert sex is None or row["code"][0] in SEX[str(sex)] or row["code"] in SOLE, row


def test_diagnoses_are_found_without_accents_by_everyday_words_and_by_code() -> None:
    for text, first in (
        ("cao huyet ap", "I10"), ("CAO HUYẾT ÁP", "I10"), ("high blood pressure", "I10"), ("i10", "I10"),
        ("nhoi mau co tim", "I21.9"), ("heart attack", "I21.9"), ("soc phan ve", "T78.2"), ("suyen", "J45.9"),
        ("viem ruot thua", "K35.8"), ("K35.8", "K35.8"), ("thuy dau", "B01.9"), ("gut", "M10.9"), ("SLE", "M32.9"),
    ):  # fmt: skip
        assert found(text)[0] == first, text
    assert {"A97.0", "A97.1", "A97.9"} <= set(found("sot xuat huyet"))
    assert {"E10.9", "E11.9", "E14.9"} <= set(found("tieu duong"))


def test_a_title_of_the_book_is_no_error_because_we_have_other_words() -> None:
    title = Coding(systems.ICD10, "I10", display="Bệnh lý tăng huyết áp nguyên phát")
    assert in_system(shipped(), title, DAY, "vi")[:2] == (True, "Tăng huyết áp nguyên phát")


def test_a_whole_list_of_the_operator_goes_before_our_fragment_whatever_its_version() -> None:
    for url in ("http://loinc.org", "http://www.whocc.no/atc", systems.ICD10):
        whole = CodeSystem(Head(url, "2", start="2000-01-01"), lambda: [Concept("x")])
        library = shipped().with_all([whole])
        assert library.system(url, day=DAY) is whole, url
        assert library.system(url) is whole, url
