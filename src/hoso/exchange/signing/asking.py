"""What a node asks of the signature of a file that comes in by a door that does not look at it itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hoso.core import Refused
from hoso.core.clock import Clock
from hoso.exchange.signing.insurance import verify
from hoso.exchange.signing.verdict import Verdict
from hoso.exchange.signing.who import Anchors

SIGNED = ("insurance-xml", "ksk")
"""Formats whose files may carry a signature."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """`demanded`: what a facility brings without a true signature of a known authority is refused."""

    clock: Clock
    anchors: Anchors = field(default_factory=Anchors)
    demanded: bool = False

    def kept(self, format: str, facility: str, data: bytes, limit: int) -> Mapping[str, Any]:
        """The verdict as it is kept, of a file up to `limit` bytes; nothing where none can be. Raises Refused(400)."""
        if format not in SIGNED:
            return {}
        if len(data) > limit:
            verdict = Verdict("invalid", "signing.too-large", {"limit": str(limit >> 20)})
        else:
            verdict = verify(data, self.anchors, self.clock())
        if self.demanded and facility and not verdict.accepted:
            raise Refused(400, verdict.issue)
        return verdict.kept()
