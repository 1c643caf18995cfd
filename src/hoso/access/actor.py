"""Who asks and why. An `Actor` is proved by a token or a sign-in; a client's claim about itself never makes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hoso.access.scope import Scopes

Purpose = Literal["TREAT", "ETREAT", "HOPERAT", "PUBHLTH", "PATRQT", "SYSADMIN"]
"""Purpose of use, HL7 v3 PurposeOfUse codes; SYSADMIN for imports and upkeep."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` stands in the change log: "client/NAME", "user/NAME" or "node/NAME"."""

    id: str
    scopes: Scopes = field(default_factory=Scopes)
    patient: str = ""
    """The Patient about whom an app was opened: the one that scopes of the context `patient` mean."""
