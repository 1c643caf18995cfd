"""What is made of a message while it is read: its records, its oddities with their places, and the ids of both.

Ids come of the facility and its own numbers, so that the same thing told again finds what it made before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from hoso.core import Issue
from hoso.core.errors import Severity
from hoso.exchange.hl7v2.moments import ZONE
from hoso.exchange.hl7v2.parsing import Message, Segment
from hoso.exchange.hl7v2.tables import Resource
from hoso.exchange.insurance.text import mended
from hoso.exchange.stable_ids import from_numbers

NULL = '""'
Key = tuple[str, str]


class Part(NamedTuple):
    """A segment with its place: the `sequence`th of its name in the message, counted from 1."""

    segment: Segment
    sequence: int

    @property
    def name(self) -> str:
        return self.segment.name

    def text(self, field: int, component: int = 1, sub: int = 1, repetition: int = 1) -> str:
        """ "" also where the sender says that there is nothing. Text in an old font is in Unicode."""
        text = self.segment.get(field, component, sub, repetition)
        if text.isascii():
            return "" if not text or text == NULL else text.strip()
        return mended("", text.strip())

    def count(self, field: int) -> int:
        """How often the field stands there; 0 when it is empty."""
        raw = self.segment.raw
        return len(self.segment.repetitions(field)) if field < len(raw) and raw[field] else 0

    def components(self, field: int, repetition: int = 1) -> list[str]:
        """The components of one repetition, each by its first sub-component."""
        found = self.segment.repetitions(field)
        return [mended("", one[0].strip()) for one in found[repetition - 1]] if repetition <= len(found) else []

    def written(self, field: int, repetition: int = 1) -> str:
        """All of one repetition with its inner separators, and with spaces in front, by which texts are laid out."""
        found = self.segment.repetitions(field)
        if repetition > len(found):
            return ""
        text = "^".join("&".join(one) for one in found[repetition - 1]).rstrip("^& ")
        return "" if text == NULL else text

    def deletes(self, field: int) -> bool:
        """Whether the sender takes back what the field said."""
        return self.segment.get(field) == NULL


@dataclass(slots=True)
class Draft:
    """`zone` is that of the sender, `made` when the message was (an instant of Viet Nam), "" when it does not say.

    Of each record: `gone` are elements that the sender deletes, `soft` those that only count when nothing is known yet.
    """

    message: Message
    facility: str
    kind: str = ""
    event: str = ""
    zone: str = ZONE
    made: str = ""
    control: str = ""
    records: dict[Key, Resource] = field(default_factory=dict)
    patient: Resource | None = None
    patient_number: str = ""
    encounter: Resource | None = None
    gone: dict[Key, set[str]] = field(default_factory=dict)
    soft: dict[Key, set[str]] = field(default_factory=dict)
    kept: set[Key] = field(default_factory=set)
    """Records that come without a value and keep the one that is here."""
    merged: set[Key] = field(default_factory=set)
    """Records that only change what they speak of."""
    only_known: set[Key] = field(default_factory=set)
    """Changes of records that are not made when they are not here."""
    links: list[tuple[Resource, Key]] = field(default_factory=list)
    """References by number, and what they mean when it is here."""
    replayed: bool = False
    """Whether this very message was carried out before."""
    issues: list[Issue] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def id(self, *parts: str) -> str:
        return from_numbers(self.facility, *parts)

    def add(self, type: str, id: str) -> Resource:
        """The record of that id, once for a message."""
        return self.records.setdefault((type, id), {"resourceType": type, "id": id})

    def about(self, resource: Resource, name: str = "subject", encounter: str = "encounter") -> None:
        """Says whom, and in which visit."""
        assert self.patient is not None
        resource[name] = reference(self.patient)
        if encounter and self.encounter is not None:
            resource[encounter] = reference(self.encounter)

    def warn(self, part: Part, field: int, key: str, component: int = 0, repetition: int = 1, text: str = "") -> None:
        """`text` is what stands there."""
        self.issues.append(_issue("warning", part, field, component, repetition, key, text))

    def fault(self, part: Part, field: int, key: str, component: int = 0, repetition: int = 1, text: str = "") -> None:
        self.issues.append(_issue("error", part, field, component, repetition, key, text))


_CODES = {"kind-unknown": "not-supported", "unknown-code": "code-invalid"}
"""Of issues by their key, where it is no "value"."""


def reference(resource: Resource) -> Resource:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def _issue(severity: Severity, part: Part, field: int, component: int, repetition: int, key: str, text: str) -> Issue:
    place = f"{part.name}[{part.sequence}]" + (f"-{field}" if field else "")
    place += f"({repetition})" if repetition > 1 else ""
    place += f".{component}" if component else ""
    where = {"segment": part.name, "sequence": str(part.sequence), "field": str(field), "component": str(component)}
    where |= {"repetition": str(repetition), "place": place, "text": text[:60]}
    code = "required" if key.endswith("missing") else _CODES.get(key, "value")
    return Issue(code, f"hl7v2-map.{key}", where, place, severity)
