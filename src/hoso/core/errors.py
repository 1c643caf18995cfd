"""One way to say no: a `Refused` carries an HTTP status and the issues a caller needs to mend its request.

Texts live in a catalogue under the issue's key, in English and Vietnamese; code names the key, never the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["fatal", "error", "warning", "information"]


@dataclass(frozen=True, slots=True)
class Issue:
    """One line of an OperationOutcome.

    `code` is from FHIR's issue-type list, `key` names the text in the catalogue, `values` fill its blanks,
    `expression` is the FHIRPath of the faulty element ("Patient.name[0].given[1]").
    """

    code: str
    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    expression: str | None = None
    severity: Severity = "error"


class Refused(Exception):
    """The request is refused whole; nothing was stored."""

    def __init__(self, status: int, *issues: Issue) -> None:
        super().__init__(status, issues)
        self.status = status
        self.issues = issues

    @classmethod
    def because(cls, status: int, code: str, key: str, expression: str | None = None, **values: str) -> Refused:
        return cls(status, Issue(code, key, values, expression))
