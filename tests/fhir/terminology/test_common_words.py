"""Common tests and medicines: codes of the right form, units that are units, ranges that are ranges."""

from __future__ import annotations

import re

from hoso.fhir import systems
from hoso.fhir.terminology import shipped
from hoso.fhir.terminology.tables import rows
from hoso.fhir.ucum import unit

ATC = re.compile(r"[ABCDGHJLMNPRSV][0-9]{2}[A-Z]{2}[0-9]{2}")
RANGE = re.compile(r"[<>]?[0-9]+(\.[0-9]+)?|([0-9]+(?:\.[0-9]+)?)-([0-9]+(?:\.[0-9]+)?)")
GROUPS = frozenset(
    {
        "penicillin", "cephalosporin", "carbapenem", "nsaid", "corticosteroid", "proton-pump-inhibitor", "quinolone",
        "macrolide", "aminoglycoside", "ace-inhibitor", "sulfonylurea", "sulfonamide-antibiotic",
        "sulfonamide-not-antibiotic", "statin", "opioid", "insulin", "aromatic-antiepileptic", "nitroimidazole",
        "iodinated-contrast", "heparin", "azole-antifungal", "amide-local-anaesthetic", "tetracycline",
        "neuromuscular-blocker", "allopurinol", "abacavir", "taxane", "platinum",
    }
)  # fmt: skip


def luhn(digits: str) -> int:
    """The check digit after the hyphen of a LOINC code."""
    doubled = [int(d) * (2 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits))]
    return -sum(n // 10 + n % 10 for n in doubled) % 10


def test_medicines_have_atc_codes_once_in_order_and_known_allergy_groups() -> None:
    table = list(rows("medicines.csv"))
    codes = [row["code"] for row in table]
    assert len(table) >= 400 and codes == sorted(set(codes))
    assert {row["group"] for row in table} <= GROUPS | {""}
    for row in table:
        assert ATC.fullmatch(row["code"]), row
        assert all(row[name].strip() == row[name] != "" for name in ("vi", "en")) and None not in row, row
    known = shipped().system(systems.ATC)
    assert known is not None and known.find("J01CA04").property("allergyGroup") == "penicillin"  # type: ignore[union-attr]


def test_tests_have_loinc_codes_with_their_check_digit_and_units_of_ucum() -> None:
    table = list(rows("tests.csv"))
    codes = [row["code"] for row in table]
    assert len(codes) == len(set(codes))
    for row in table:
        number, _, check = row["code"].partition("-")
        assert check == str(luhn(number)), row
        assert not row["unit"] or unit(row["unit"]) is not None, row
        assert all(row[name].strip() == row[name] != "" for name in ("vi", "en")) and None not in row, row
        for limits in (row["adult_men"], row["adult_women"]):
            match = RANGE.fullmatch(limits) if limits else None
            assert not limits or match, row
            assert match is None or match[2] is None or float(match[2]) < float(match[3]), row
            assert not limits or row["unit"], row
