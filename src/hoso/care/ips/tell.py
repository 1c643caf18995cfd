"""A section in words: a table with a line for each record, for whoever reads the document without software."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from hoso.care.chart import Chart
from hoso.care.elements import Resource, concept_text, when
from hoso.care.ips.table import Language, word
from hoso.care.medicines import drug_name

XHTML = "http://www.w3.org/1999/xhtml"


def told(records: Sequence[Resource], chart: Chart, language: Language, lacking: Sequence[str]) -> str:
    """An XHTML div (FHIR Narrative). `lacking`: words for what is not among the lines."""
    heads = "".join(f"<th>{escape(word(name, language))}</th>" for name in ("when", "what", "value", "where"))
    lines = "".join(_line(one, chart) for one in records)
    notes = "".join(f"<p>{escape(word(name, language))}</p>" for name in lacking)
    return _div(f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>{notes}", language)


def empty(name: str, language: Language) -> str:
    return _div(f"<p>{escape(word(name, language))}</p>", language)


def _div(content: str, language: Language) -> str:
    return f'<div xmlns="{XHTML}" lang="{language}" xml:lang="{language}">{content}</div>'


def _line(one: Resource, chart: Chart) -> str:
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(one, chart)) + "</tr>"


def cells(one: Resource, chart: Chart) -> tuple[str, str, str, str]:
    """The day, what it is, its value and where it was recorded."""
    return day(when(one)), _what(one, chart), _value(one), chart.facility(one)


def day(text: str) -> str:
    """dd/MM/yyyy, or as much of it as is known."""
    return "/".join(reversed(text[:10].split("-"))) if text else ""


def _what(one: Resource, chart: Chart) -> str:
    if one["resourceType"].startswith("Medication"):
        return drug_name(one, chart)
    if one["resourceType"] == "DeviceUseStatement":
        return chart.name(one.get("device"))
    concept = one.get("vaccineCode") or one.get("code")
    return concept_text(concept) or str(one.get("title") or one.get("description") or "")


def _value(one: Resource) -> str:
    """The value of an observation, the dose of a medicine, the reaction to a substance, the words of a report."""
    if "valueQuantity" in one:
        quantity = one["valueQuantity"]
        said = (quantity.get("comparator"), quantity.get("value"), quantity.get("unit") or quantity.get("code"))
        return " ".join(str(part) for part in said if part is not None)
    if found := one.get("valueCodeableConcept"):
        return concept_text(found)
    for name in ("valueString", "valueDateTime", "valueInteger", "valueBoolean", "conclusion", "lotNumber"):
        if name in one:
            return str(one[name])
    if parts := one.get("component"):
        return "; ".join(f"{concept_text(part.get('code'))} {_value(part)}".strip() for part in parts)
    if doses := one.get("dosageInstruction") or one.get("dosage"):
        return "; ".join(str(dose["text"]) for dose in doses if isinstance(dose, dict) and dose.get("text"))
    reactions = [concept_text(sign) for each in one.get("reaction", ()) for sign in each.get("manifestation", ())]
    return ", ".join(filter(None, [*reactions, *(str(note.get("text", "")) for note in one.get("note", ()))]))
