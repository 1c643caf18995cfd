"""ICD-10 as Viet Nam uses it: the codes and flags of QĐ 4469/QĐ-BYT (2020); titles are not ours to pass on.

Words for the commonest are HoSo's own (`data/diagnosis_words.csv`).
"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head, Value
from hoso.fhir.terminology.library import ValueSet
from hoso.fhir.terminology.tables import rows

VERSION = "vn-4469-2020"
MAIN = "https://hoso.vn/ValueSet/main-diagnosis"
_FLAGS: dict[str, tuple[str, Value]] = {
    "n": ("notMain", True),
    "f": ("sex", "female"),
    "m": ("sex", "male"),
    "d": ("pair", "dagger"),
    "a": ("pair", "asterisk"),
}

_NAMELESS = dict.fromkeys(("vi", "en", "lay_vi", "lay_en", "words"), "")


def diagnoses() -> Iterator[CodeSystem | ValueSet]:
    head = Head(
        systems.ICD10, VERSION, "hoso-icd-10", "ICD-10 Việt Nam (QĐ 4469/QĐ-BYT)", "ICD-10, Viet Nam (QĐ 4469/QĐ-BYT)",
        content="fragment", start="2020-10-28", value_set="http://hl7.org/fhir/ValueSet/icd-10", case_sensitive=False,
        copyright="Codes and flags of a legal annex; ICD-10 is the World Health Organization's. Words are HoSo's own.",
    )  # fmt: skip
    yield CodeSystem(head, _concepts)
    yield ValueSet(
        Head(MAIN, VERSION, "hoso-main-diagnosis", "Mã được dùng làm bệnh chính", "Codes that may be a main diagnosis"),
        {
            "resourceType": "ValueSet",
            "url": MAIN,
            "compose": {
                "include": [{"system": systems.ICD10, "version": VERSION}],
                "exclude": [
                    {
                        "system": systems.ICD10,
                        "version": VERSION,
                        "filter": [{"property": "notMain", "op": "=", "value": "true"}],
                    }
                ],
            },
        },
    )


def _concepts() -> Iterator[Concept]:
    table = {row["code"]: row["flags"] for row in rows("icd10vn.csv.gz")}
    names = {row["code"]: row for row in rows("diagnosis_words.csv")}
    for code, flags in table.items():
        properties = tuple(_FLAGS[letter] for letter in flags)
        name = names.get(code, _NAMELESS)
        words = (name["lay_vi"], name["lay_en"], *name["words"].split("|"))
        own = tuple(dict.fromkeys(word for word in words if word))
        yield Concept(code, name["vi"], name["en"], _parent(code, table), words=own, properties=properties)


def _parent(code: str, table: dict[str, str]) -> str:
    """The longest shorter code that is in the list: A00.0 under A00."""
    shorter = code[:-1].rstrip(".")
    while len(shorter) >= 3:
        if shorter in table:
            return shorter
        shorter = shorter[:-1].rstrip(".")
    return ""
