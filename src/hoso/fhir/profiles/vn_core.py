"""VN Core's profiles out of the table `vn_core.toml`: each row becomes a StructureDefinition with a differential."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from hoso.fhir.profiles.constraint import Tree

CANONICAL = "http://fhir.ehealth.gov.vn/core/StructureDefinition/"
_R4 = "http://hl7.org/fhir/StructureDefinition/"


def profiles() -> Iterator[Tree]:
    text = (files("hoso.fhir.profiles") / "vn_core.toml").read_text("utf-8")
    for row in tomllib.loads(text)["profile"]:
        yield _profile(row)


def _profile(row: Tree) -> Tree:
    type = row["type"]
    elements = [_root(row), *_category(row), *_numbers(row)]
    elements += [_element(f"{type}.{name}", said) for name, said in row["elements"].items()]
    return {
        "resourceType": "StructureDefinition",
        "id": row["id"],
        "url": CANONICAL + row["id"],
        "version": "1.0.0",
        "name": row["id"].title().replace("-", ""),
        "title": row["en"],
        "status": "active",
        "description": row["vi"],
        "fhirVersion": "4.0.1",
        "kind": "resource",
        "abstract": False,
        "type": type,
        "baseDefinition": _R4 + type,
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _root(row: Tree) -> Tree:
    rule = {"constraint": [{"severity": "error", **row["rule"]}]} if "rule" in row else {}
    return {"id": row["type"], "path": row["type"], "short": row["en"], **rule}


def _element(path: str, said: Tree) -> Tree:
    found: Tree = {"id": path, "path": path}
    for key, value in said.items():
        if key == "support":
            found["mustSupport"] = value
        elif key == "targets":
            urls = [(CANONICAL if one.startswith("vn-core-") else _R4) + one for one in value]
            found["type"] = [{"code": "Reference", "targetProfile": urls}]
        else:
            found[key] = value
    return found


def _category(row: Tree) -> list[Tree]:
    if "category" not in row:
        return []
    system, _, code = row["category"].partition("|")
    path = f"{row['type']}.category"
    wanted = {"coding": [{"system": system, "code": code}]}
    return [
        {"id": path, "path": path, "min": 1, "slicing": _by("pattern", "$this"), "mustSupport": True},
        {
            "id": f"{path}:kind",
            "path": path,
            "sliceName": "kind",
            "min": 1,
            "max": "1",
            "patternCodeableConcept": wanted,
        },
    ]


def _numbers(row: Tree) -> Iterator[Tree]:
    """Slices of identifier by system, each with the form its numbers have."""
    path = f"{row['type']}.identifier"
    if "numbers" in row:
        yield {"id": path, "path": path, "slicing": _by("value", "system"), "mustSupport": True}
    for name, said in row.get("numbers", {}).items():
        id = f"{path}:{name}"
        yield {"id": id, "path": path, "sliceName": name, "max": said.get("max", "1")}
        yield {"id": f"{id}.system", "path": f"{path}.system", "min": 1, "fixedUri": said["system"]}
        yield {"id": f"{id}.value", "path": f"{path}.value", "min": 1, **_form(name, said.get("form"))}


def _form(name: str, form: str | None) -> Tree:
    if form is None:
        return {}
    human = f"Must have the form {form} / Phải có dạng {form}"
    rule = {"key": f"vn-{name.lower()}", "severity": "error", "human": human, "expression": f"matches('^{form}$')"}
    return {"constraint": [rule]}


def _by(kind: str, path: str) -> dict[str, Any]:
    return {"discriminator": [{"type": kind, "path": path}], "rules": "open"}
