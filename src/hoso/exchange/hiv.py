"""Words that tell of HIV where no code does: records with them get the label. Where codes say it, the store labels
itself.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from hoso.fhir import labels
from hoso.fhir.json import encode

_WORDS = re.compile(rb"\b(?:hiv|aids|arv|dolutegravir|efavirenz|nevirapine?|zidovudine?|lopinavir|ritonavir)\b")
"""Names of tests, medicines, and free text."""


_PARTS = (
    b"hiv",
    b"aids",
    b"arv",
    b"dolutegravir",
    b"efavirenz",
    b"nevirapin",
    b"zidovudin",
    b"lopinavir",
    b"ritonavir",
)
"""Each word has one of these in it: to look for them first is many times as fast."""

_FILED = ("content", "presentedForm")
"""Elements that hold files."""


def labelled(resource: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The record, its id and meta in front, and its text; with the label HIV where its words say it."""
    content = {name: value for name, value in resource.items() if name not in ("resourceType", "id", "meta")}
    head: dict[str, Any] = {"resourceType": resource["resourceType"], "id": resource["id"]}
    meta = resource.get("meta", {})
    found = {**head, **({"meta": meta} if meta else {}), **content}
    body = encode(found)
    if head["resourceType"] == "Patient" or not _tells(body, resource):
        return found, body
    label = {"system": labels.system(), "code": "HIV"}
    given = [one for one in meta.get("security", ()) if one != label]
    found = {**head, "meta": {**meta, "security": [*given, label]}, **content}
    return found, encode(found)


def _tells(body: bytes, resource: dict[str, Any]) -> bool:
    for text in _texts(body, resource):
        lower = text.lower()
        for part in _PARTS:
            if part in lower:
                if _WORDS.search(lower):
                    return True
                break
    return False


def _texts(body: bytes, resource: dict[str, Any]) -> Iterator[bytes]:
    """The record, and files in it as what they hold: in base64 anything may look like a word."""
    files = [one.get("attachment", one) for name in _FILED for one in resource.get(name, ())]
    if not files:
        yield body
        return
    yield encode({name: value for name, value in resource.items() if name not in _FILED})
    for file in files:
        yield encode({name: value for name, value in file.items() if name != "data"})
        if str(file.get("contentType", "text/")).startswith("text/"):
            yield base64.b64decode(file.get("data", ""))
