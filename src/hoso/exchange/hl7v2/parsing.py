"""A message of HL7 v2 (ER7) as segments whose fields are read when they are asked for.

The separators are those of its MSH. A segment ends with CR, LF or both; what a dialect leaves out reads as "".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from hoso.core import Refused
from hoso.exchange.hl7v2.charsets import decoded

LIMIT = 64_000_000
"""Bytes of one message."""
SEGMENTS = 100_000
_END = re.compile(rb"[\r\n]")

Component = list[str]
Repetition = list[Component]


@dataclass(frozen=True, slots=True)
class Marks:
    """The separators of a message."""

    field: str
    component: str
    repetition: str
    escape: str
    sub: str


@dataclass(slots=True)
class Segment:
    name: str
    raw: list[str]
    """Field by field as it was written; 0 is the name."""
    marks: Marks
    _read: dict[int, list[Repetition]] = field(default_factory=dict)

    def get(self, field: int, component: int = 1, sub: int = 1, repetition: int = 1) -> str:
        """The text, unescaped; "" when there is none."""
        try:
            repetitions = self._read[field]
        except KeyError:
            repetitions = self.repetitions(field)
        if repetition > len(repetitions):
            return ""
        components = repetitions[repetition - 1]
        if component > len(components):
            return ""
        subs = components[component - 1]
        return subs[sub - 1] if sub <= len(subs) else ""

    def repetitions(self, field: int) -> list[Repetition]:
        """Each repetition with its components, each of them with its sub-components; empty for an empty field."""
        found = self._read.get(field)
        if found is None:
            text = self.raw[field] if field < len(self.raw) else ""
            found = self._read[field] = self._parted(text, field) if text else []
        return found

    def _parted(self, text: str, field: int) -> list[Repetition]:
        marks = self.marks
        if self.name == "MSH" and field < 3:
            return [[[text]]]
        plain = marks.escape not in text
        if plain and marks.repetition not in text and marks.component not in text and marks.sub not in text:
            return [[[text]]]
        return [
            [
                [sub if plain else unescaped(sub, marks) for sub in component.split(marks.sub)]
                for component in repetition.split(marks.component)
            ]
            for repetition in text.split(marks.repetition)
        ]


@dataclass(slots=True)
class Message:
    segments: list[Segment]

    def first(self, name: str) -> Segment | None:
        return next((one for one in self.segments if one.name == name), None)

    def all(self, name: str) -> list[Segment]:
        return [one for one in self.segments if one.name == name]


def parse(data: bytes) -> Message:
    """Raises Refused(422) for what is no message: no MSH in front, no separators, too many segments."""
    if len(data) > LIMIT:
        _refuse("too-large", limit=str(LIMIT // 1_000_000))
    head = data[:3_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:3] != b"MSH" or len(head) < 8:
        _refuse("no-header")
    text = decoded(data, _charset(head)).lstrip("\ufeff \r\n\t").replace("\x00", "\ufffd")  # no store holds a NUL
    marks = _marks(text)
    if text.count("\r") > SEGMENTS or text.count("\n") > SEGMENTS:
        _refuse("too-many-segments", limit=str(SEGMENTS))
    lines = text.replace("\n", "\r").split("\r")
    return Message([_segment(line, marks) for line in lines if line and not line.isspace()])


def _marks(text: str) -> Marks:
    written = text[4:9].split(text[3])[0]
    if len(written) < 3 or len({text[3], *written[:4]}) < len(written[:4]) + 1:
        _refuse("bad-separators")
    return Marks(text[3], written[0], written[1], written[2], written[3] if len(written) > 3 else "&")


def _segment(line: str, marks: Marks) -> Segment:
    raw = line.split(marks.field)
    name = raw[0] = raw[0].strip()
    if name == "MSH":
        raw.insert(1, marks.field)
    return Segment(name, raw, marks, {})


def _charset(head: bytes) -> str:
    """MSH-18, by its first repetition."""
    fields = _END.split(head, 1)[0].split(head[3:4])
    return fields[17].split(b"~")[0].decode("ascii", "replace") if len(fields) > 17 else ""


def unescaped(text: str, marks: Marks) -> str:
    r"""With the characters that \F\ and its like stand for; what is no such sequence stays as it was written."""
    escape = marks.escape
    if escape not in text:
        return text
    parts = text.split(escape)
    found, at = [parts[0]], 1
    while at < len(parts):
        meant = _meant(parts[at], marks) if at + 1 < len(parts) else None
        if meant is None:
            found += [escape, parts[at]]
            at += 1
            continue
        found += [meant, parts[at + 1]]
        at += 2
    return "".join(found)


def _meant(code: str, marks: Marks) -> str | None:
    plain = {"F": marks.field, "S": marks.component, "T": marks.sub, "R": marks.repetition, "E": marks.escape}
    if code in plain:
        return plain[code]
    if code in ("H", "N"):
        return ""
    if code in (".br", ".sp", ".ce") or re.fullmatch(r"\.sp[+]?\d{1,3}", code):
        return "\n"
    if code.startswith("X") and len(code) % 2 and len(code) > 1:
        try:
            return bytes.fromhex(code[1:]).decode("utf-8")
        except ValueError:
            return None
    return None


def _refuse(key: str, **values: str) -> NoReturn:
    raise Refused.because(422, "structure", f"hl7v2-map.{key}", **values)
