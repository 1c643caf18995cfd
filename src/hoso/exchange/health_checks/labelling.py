"""Labels of what a health check is made into: the form says whatever anything made of it says, and closes with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from hoso.exchange import hiv
from hoso.exchange.health_checks.definitions import rules
from hoso.exchange.health_checks.dossier import Dossier
from hoso.fhir import labels

Resource = dict[str, Any]


def labelled(dossier: Dossier, resources: list[Resource]) -> list[Resource]:
    """The same, id and meta in front; the last of them is the form. What codes say the store labels itself."""
    answers: dict[str, str] = rules()["label"]
    whole = {label for name, label in answers.items() if dossier.get(name) == "1"}
    found = []
    for resource in resources[:-1]:
        codings = resource.get("code", {}).get("coding", ())
        asked = {label for one in codings if (label := answers.get(one["code"]))}
        made, body = hiv.labelled(_with(resource, asked))
        said = labels.said(body, made)
        whole |= labels.names(said.content | said.hand)
        found.append(made)
    return [*found, hiv.labelled(_with(resources[-1], whole))[0]]


def _with(resource: Resource, names: Collection[str]) -> Resource:
    if not names:
        return resource
    return {**resource, "meta": {"security": [{"system": labels.system(), "code": name} for name in sorted(names)]}}
