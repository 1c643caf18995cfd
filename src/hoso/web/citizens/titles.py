"""Words for what stands in the log and in cases as a code; each is a key of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

PURPOSE_TITLES = {
    "TREAT": "for your treatment",
    "ETREAT": "for your treatment in an emergency",
    "HOPERAT": "to run the facility",
    "PUBHLTH": "for public health",
    "PATRQT": "at the person's own wish",
    "SYSADMIN": "upkeep of the system",
    "HRESCH": "for research",
    "HPAYMT": "for payment",
}
CHANNEL_TITLES = {
    "screen": "on a screen",
    "print": "printed",
    "export": "taken out as a file",
    "api": "by a connected program",
    "sync": "exchanged between systems",
    "command": "by a command at the machine",
    "automatic": "by a machine",
}
ACTIVITY_TITLES = {"print": "printed", "export": "taken out as a file", "send": "sent on"}
DEED_TITLES = {
    "saw": "saw",
    "wrote": "recorded",
    "changed": "changed",
    "removed": "removed",
    "identify": "looked up who you are",
    "emergency": "opened your record in an emergency",
    "emergency-decided": "decided whether an emergency opening was justified",
    "enrol": "made a code for your own account",
    "link": "joined or parted records of yours",
    "proof": "took out a proof of this log",
    "look": "looked at this log",
}
KIND_TITLES = {
    "identity": "who you are and how to reach you",
    "facility": "facilities and staff",
    "catalogue": "lists of medicines",
    "visit": "visits",
    "problem": "diagnoses, allergies and plans",
    "order": "orders and referrals",
    "result": "results",
    "medicine": "medicines and vaccines",
    "procedure": "procedures and devices",
    "document": "documents",
    "consent": "your decisions about sharing",
    "billing": "insurance and bills",
    "ledger": "how your records were joined",
    "log": "who looked at your record",
}


def every() -> Iterator[str]:
    for titles in (PURPOSE_TITLES, CHANNEL_TITLES, ACTIVITY_TITLES, DEED_TITLES, KIND_TITLES):
        yield from titles.values()
