"""XML of another standard that is brought for records: it is told by name what to send instead."""

from __future__ import annotations

import re

_CDA = re.compile(rb"<(?:[\w-]+:)?ClinicalDocument[\s/>]")


def is_cda(head: bytes) -> bool:
    """Whether a text that begins so is a CDA document (C-CDA among them), which no door reads."""
    return _CDA.search(head.replace(b"\x00", b"")) is not None  # in UTF-16, too
