"""Acknowledgements of HL7 v2: MSH, MSA and one ERR for each fault, in the words of the version that was spoken.

HL7 v2.5.1 chapter 2.9 (original and enhanced mode), 2.14.5 (ERR), tables 0008 and 0357.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hoso.core import Issue
from hoso.exchange.hl7v2.parsing import Marks, Message, Segment
from hoso.fhir.outcome import text

Code = Literal["AA", "AE", "AR", "CA", "CE", "CR"]
_MARKS = Marks("|", "^", "~", "\\", "&")
_CONDITIONS = {
    "structure": ("100", "Segment sequence error"),
    "required": ("101", "Required field missing"),
    "value": ("102", "Data type error"),
    "code-invalid": ("103", "Table value not found"),
    "too-long": ("104", "Value too long"),
    "not-supported": ("201", "Unsupported event code"),
    "business-rule": ("202", "Unsupported processing id"),
    "not-found": ("204", "Unknown key identifier"),
    "duplicate": ("205", "Duplicate key identifier"),
    "conflict": ("206", "Application record locked"),
    "exception": ("207", "Application internal error"),
    "transient": ("207", "Application internal error"),
}
"""By the code of an issue. 207 is for faults of ours alone."""
_OTHER = ("199", "Other HL7 Error")
_FEW = 20
"""Faults told of one message."""


@dataclass(frozen=True, slots=True)
class Head:
    """What an acknowledgement takes from the MSH of its message; all "" when there is none to be read."""

    sender: str = ""
    sender_facility: str = ""
    receiver: str = ""
    receiver_facility: str = ""
    event: str = ""
    control: str = ""
    processing: str = "P"
    version: str = "2.5.1"
    accept: str = ""
    application: str = ""
    sequence: str = ""

    @property
    def enhanced(self) -> bool:
        """MSH-15 and MSH-16 say when which answer is wanted; without both, one answer tells all."""
        return bool(self.accept or self.application)

    @property
    def old(self) -> bool:
        """Before 2.5 an ERR had but one field, and its place in it."""
        return self.version < "2.5"


def head(message: Message) -> Head:
    msh = message.segments[0]
    sender, sender_facility, receiver, receiver_facility = (_whole(msh, field) for field in (3, 4, 5, 6))
    return Head(
        sender=sender,
        sender_facility=sender_facility,
        receiver=receiver,
        receiver_facility=receiver_facility,
        event=msh.get(9, 2),
        control=msh.get(10),
        processing=msh.get(11) or "P",
        version=msh.get(12) or "2.3",
        accept=msh.get(15),
        application=msh.get(16),
        sequence=msh.get(13),
    )


def _whole(segment: Segment, field: int) -> str:
    """The first repetition as it was written, with our separators."""
    repetitions = segment.repetitions(field)
    return "^".join("&".join(map(escaped, one)) for one in repetitions[0]) if repetitions else ""


def acknowledgement(
    of: Head, code: Code, issues: Sequence[Issue], id: str, now: datetime, expected: int | None = None
) -> bytes:
    """In UTF-8. `id` is that of the acknowledgement itself; `expected` a number that the sender should go on with."""
    kind = f"ACK^{escaped(of.event)}^ACK" if of.event else "ACK"
    moment = now.strftime("%Y%m%d%H%M%S%z")
    segments = [
        ["MSH", "^~\\&", of.receiver, of.receiver_facility, of.sender, of.sender_facility, moment, "", kind, id,
         escaped(of.processing), escaped(of.version), "", "", "", "", "", "UNICODE UTF-8"],
        ["MSA", code, escaped(of.control), _said(issues), "" if expected is None else str(expected)],
    ]  # fmt: skip
    lines = ["|".join(fields).rstrip("|") for fields in segments]
    return "".join(f"{line}\r" for line in (*lines, *(fault(of, one) for one in issues[:_FEW]))).encode()


def fault(of: Head, issue: Issue) -> str:
    """The ERR segment of an issue, whose `values` say its place."""
    return "|".join(_old_fault(issue) if of.old else _fault(issue)).rstrip("|")


def _said(issues: Sequence[Issue]) -> str:
    return escaped(text(issues[0], "vi")[:80]) if issues else ""


def _fault(issue: Issue) -> list[str]:
    number, words = _CONDITIONS.get(issue.code, _OTHER)
    severity = "E" if issue.severity in ("error", "fatal") else "W"
    texts = [escaped(text(issue, language)) for language in ("en", "vi")]
    return ["ERR", "", _place(issue), f"{number}^{words}^HL70357", severity, "", "", *texts]


def _old_fault(issue: Issue) -> list[str]:
    number, words = _CONDITIONS.get(issue.code, _OTHER)
    values = issue.values
    place = [values.get("segment", ""), values.get("sequence", ""), values.get("field", ""), f"{number}&{words}"]
    return ["ERR", "^".join(place)]


def _place(issue: Issue) -> str:
    """Segment, which of its kind, field, repetition, component (ERL)."""
    values = issue.values
    parts = [values.get(name, "") for name in ("segment", "sequence", "field", "repetition", "component")]
    return "^".join("" if part == "0" else part for part in parts).rstrip("^")


def escaped(text: str) -> str:
    """Our separators as escapes; a line break as one, too."""
    for mark, name in (("\\", "E"), ("|", "F"), ("^", "S"), ("&", "T"), ("~", "R")):
        text = text.replace(mark, f"\\{name}\\")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\.br\\")
