from __future__ import annotations

import re

from hoso.fhir import systems
from hoso.fhir.terminology import CodeSystem, select, shipped
from hoso.fhir.ucum import unit

DAY = "2026-11-26"
GROUPS = frozenset(
    {
        "abacavir", "ace-inhibitor", "allopurinol", "amide-local-anaesthetic", "aminoglycoside",
        "aromatic-antiepileptic", "azole-antifungal", "carbapenem", "cephalosporin", "corticosteroid", "heparin",
        "insulin", "iodinated-contrast", "macrolide", "neuromuscular-blocker", "nitroimidazole", "nsaid", "opioid",
        "penicillin", "platinum", "proton-pump-inhibitor", "quinolone", "statin", "sulfonamide-antibiotic",
        "sulfonamide-not-antibiotic", "sulfonylurea", "taxane", "tetracycline",
    }
)  # fmt: skip


def _system(url: str) -> CodeSystem:
    found = shipped().system(url, day=DAY)
    assert found is not None
    return found


def _loinc_check_digit(number: str) -> int:
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number))]
    return -sum(value - 9 if value > 9 else value for value in doubled) % 10


def test_every_list_can_be_read_and_no_two_have_one_id() -> None:
    library = shipped()
    lists = [one for several in library.systems.values() for one in several]
    assert len({one.head.id for one in lists}) == len(lists)
    for one in lists:
        assert one.head.content == "not-present" or one.concepts, one.head.url
    for several in library.value_sets.values():
        for value_set in several:
            assert next(select(library, value_set.tree, DAY).members(), None) is not None, value_set.head.url


def test_tests_have_codes_units_and_ranges_that_can_be_read() -> None:
    concepts = _system(systems.LOINC).concepts.values()
    assert len(concepts) >= 200 and len({one.vi for one in concepts}) == len({one.en for one in concepts}) == len(
        concepts
    )
    for concept in concepts:
        number, check = concept.code.split("-")
        assert _loinc_check_digit(number) == int(check), concept
        said = dict(concept.properties)
        assert "unit" not in said or unit(str(said["unit"])) is not None, concept
        for name in ("adultMen", "adultWomen"):
            assert re.fullmatch(r"[<>]?[\d.]+|[\d.]+-[\d.]+", str(said.get(name, "0"))), concept
            if "-" in str(said.get(name, "")):
                low, high = map(float, str(said[name]).split("-"))
                assert low < high, concept


def test_medicines_have_codes_of_a_substance() -> None:
    codes = list(_system(systems.ATC).concepts)
    assert len(codes) >= 400 and codes == sorted(codes)
    for concept in _system(systems.ATC).concepts.values():
        assert re.fullmatch(r"[ABCDGHJLMNPRSV]\d\d[A-Z]{2}\d\d", concept.code), concept
        assert concept.vi and concept.en, concept
        assert concept.property("allergyGroup") in {None, *GROUPS}, concept
    groups = {
        code: _system(systems.ATC).concepts[code].property("allergyGroup") for code in ("J01CR02", "J01DD04", "M01AE01")
    }
    assert groups == {"J01CR02": "penicillin", "J01DD04": "cephalosporin", "M01AE01": "nsaid"}


def test_every_old_commune_leads_somewhere_and_only_to_communes_that_are() -> None:
    library = shipped()
    moved = library.map("https://hoso.vn/ConceptMap/commune-2025-07")
    old, new = (library.system(systems.COMMUNE, day=day) for day in ("2025-06-30", "2025-07-01"))
    assert moved is not None and old is not None and new is not None and old is not new
    assert {code for _, code in moved.forward} == set(old.concepts)
    assert {one.target for several in moved.forward.values() for one in several} <= set(new.concepts)
