"""Common tests by LOINC and common medicines by ATC, in words of our own; the operator loads the whole systems.

A range is that of adults as laboratories usually print it; the one that came with a result goes before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.terminology.tables import rows, several

VERSION = "hoso-2026-11"
_LOINC = (
    "This material contains content from LOINC (http://loinc.org). LOINC is copyright Regenstrief Institute, Inc. and"
    " the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the"
    " license at http://loinc.org/license. Words are HoSo's own."
)
_ATC = "ATC codes: WHO Collaborating Centre for Drug Statistics Methodology. Words and allergy groups are HoSo's own."


def common_words() -> Iterator[CodeSystem]:
    tests = Head(
        systems.LOINC, VERSION, "hoso-tests", "Xét nghiệm và chỉ số thường gặp (LOINC)", "Common tests (LOINC)",
        content="fragment", value_set="https://hoso.vn/ValueSet/tests", copyright=_LOINC,
    )  # fmt: skip
    medicines = Head(
        systems.ATC, VERSION, "hoso-medicines", "Thuốc thường dùng (ATC)", "Common medicines (ATC)",
        content="fragment", value_set="https://hoso.vn/ValueSet/medicines", copyright=_ATC,
    )  # fmt: skip
    yield CodeSystem(tests, lambda: _concepts("tests.csv", unit="unit", adult_men="adultMen", adult_women="adultWomen"))
    yield CodeSystem(medicines, lambda: _concepts("medicines.csv", group="allergyGroup"))


def _concepts(table: str, **columns: str) -> Iterator[Concept]:
    for row in rows(table):
        properties = tuple((name, row[column]) for column, name in columns.items() if row[column])
        yield Concept(row["code"], row["vi"], row["en"], words=several(row["words"]), properties=properties)
