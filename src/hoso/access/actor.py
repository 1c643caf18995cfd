"""Who asks and why. An `Actor` is proved by a token or a sign-in; a client's claim about itself never makes one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hoso.access.scope import Scopes

Purpose = Literal["TREAT", "ETREAT", "HPAYMT", "HOPERAT", "PUBHLTH", "PATRQT", "SYSADMIN"]
"""Purpose of use, HL7 v3 PurposeOfUse codes; SYSADMIN for imports and upkeep."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` stands in the change log: "client/NAME", "user/NAME" or "node/NAME".

    `role` is a row of the matrix, empty for an operator at the machine and for a system by its scopes alone. `facility`
    is a code, `practitioner` the record of staff, `person` the citizen's own golden Patient. `assurance` says how the
    sign-in was proved: "", "single" or "multi".
    """

    id: str
    scopes: Scopes = field(default_factory=Scopes)
    role: str = ""
    facility: str = ""
    practitioner: str = ""
    person: str = ""
    assurance: str = ""
    client: str = ""
    """The app through which somebody acts; empty on our own pages and for a system, which acts for itself."""
    patient: str = ""
    """The Patient about whom an app was opened: the one that scopes of the context `patient` mean."""
    labels: frozenset[str] | None = None
    """Labels that a client was cleared for; None when nobody limited them (an operator's token, our own pages)."""
    certificate: str = ""
    """The certificate (x5t#S256) its token is bound to: on a connection that did not show it, the token is nobody's."""
