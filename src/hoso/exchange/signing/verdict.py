"""What is known of a signature after it was looked at, as it is kept beside what was signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from hoso.core import Issue

State = Literal["absent", "half", "valid", "invalid"]
Trust = Literal["", "trusted", "unknown", "over", "unasked"]
"""Of the certificate: its authority is one of the node's, or is not, or it was not in force, or the node names none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is a key of the catalogue with its `values`; empty for a signature that is there and true.

    `half`: a signature was begun and lacks a part, so that nobody can check it. `subject`, `issuer` and `serial` are of
    the certificate that came along, which is who signed if the state is `valid`, and only a claim if it is not.
    """

    state: State
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""
    issuer: str = ""
    serial: str = ""
    trust: Trust = ""

    @property
    def accepted(self) -> bool:
        """Whether a node that demands signatures takes it."""
        return self.state == "valid" and self.trust in ("trusted", "unasked")

    @property
    def issue(self) -> Issue:
        """Why it is not accepted. Only asked of a verdict that is not."""
        key = self.reason or {"unknown": "signing.unknown-authority", "over": "signing.not-in-force"}[self.trust]
        return Issue("security", key, {"subject": self.subject, **self.values})

    def kept(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        found = {
            "state": self.state, "reason": self.reason, "values": dict(self.values), "subject": self.subject,
            "issuer": self.issuer, "serial": self.serial, "trust": self.trust,
        }  # fmt: skip
        return {name: value for name, value in found.items() if value}
