"""The code lists of Vietnamese regulations, and the ethnic groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoso.fhir import systems
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Head
from hoso.fhir.terminology.tables import rows, toml


def national_lists() -> Iterator[CodeSystem]:
    for name, entry in toml("national.toml").items():
        yield _list(name, entry)
    yield CodeSystem(
        Head(
            systems.ETHNIC_GROUP, "", "hoso-ethnic-group", "Dân tộc", "Ethnic group",
            value_set="https://hoso.vn/ValueSet/ethnic-group", copyright="Danh mục các dân tộc Việt Nam (GSO).",
        ),
        lambda: [Concept(row["code"], row["name"]) for row in rows("ethnic_groups.csv")],
    )  # fmt: skip


def _list(name: str, entry: dict[str, Any]) -> CodeSystem:
    head = Head(
        f"https://hoso.vn/CodeSystem/{name}", "", f"hoso-{name}", entry["vi"], entry["en"],
        start=entry.get("start", ""), value_set=f"https://hoso.vn/ValueSet/{name}",
        copyright=f"{entry['field']}: {entry['basis']}",
    )  # fmt: skip
    return CodeSystem(head, lambda: [Concept(code, vi, en) for code, vi, en in entry["codes"]])
