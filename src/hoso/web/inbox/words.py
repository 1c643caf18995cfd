"""What the pages of received files call states, formats and reasons; keys of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from hoso.exchange.intake import State

STATE_TITLES: Mapping[State, str] = {
    "waiting": "waiting",
    "put-off": "put off",
    "stored": "stored",
    "unchanged": "unchanged",
    "quarantined": "in quarantine",
    "set-aside": "set aside",
    "undone": "taken back",
}
WHOSE_TITLES: Mapping[str, str] = {
    "known": "patient known here",
    "linked": "linked to a known citizen",
    "review": "new citizen, to be reviewed",
    "new": "new citizen",
}
LEFT_TITLES: Mapping[str, str] = {
    "changed": "somebody changed it since",
    "in-use": "records of others are about this patient",
    "old": "it has had too many versions since",
}
FORMAT_TITLES: Mapping[str, str] = {
    "insurance-xml": "Insurance XML",
    "ksk": "Health checks (KHAMSUCKHOE)",
    "hl7v2": "HL7 v2",
    "sheet": "Spreadsheet with its mapping",
}
