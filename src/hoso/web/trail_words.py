"""How a line of the audit log reads to those who answer for it: who did what with which kinds of data, and why.

The citizen's log says the same to the citizen (`citizens/titles.py`); what is said to nobody in particular is shared.
"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.access.audit.event import Event
from hoso.access.citizen.lines import deed_of
from hoso.access.policy.matrix import kind_of
from hoso.web.citizens import titles

ACT_TITLES = {
    "view": "Seen",
    "print": "Printed",
    "export": "Taken out as a file",
    "send": "Sent on",
    "write": "Recorded, changed or removed",
    "refused": "Refused or failed",
    "break-glass": "Emergency access",
    "sign-in": "Signing in and out",
}
_DEEDS = {
    "sign-in": "signed in",
    "sign-out": "signed out",
    "token": "came with a token",
    "search": "searched",
    "unusual-decided": "decided about unusual reading",
    "audit-map": "published how many lines each record has",
    "audit-erase": "emptied a line at the end of its retention",
    "audit-unusual": "looked for unusual reading",
    "export": "took out data as a file",
    "import": "brought in a file",
    "intake": "received a file",
    "identify": "looked up who somebody is",
    "emergency": "opened a record in an emergency",
    "enrol": "made a code for a citizen's account",
    "link": "joined or parted records",
    "proof": "took out a proof of the log",
    "look": "looked at their own log",
    "sent": "sent a visit to another place",
    "grant-redeemed": "was let in by a code",
    "break-glass-read": "read that an emergency opened their record",
    "emergency-delayed": "decided that the citizen is told later",
    "emergency-released": "decided that the citizen is told now",
    "share-opened": "opened a summary by a link",
    "case-acknowledged": "confirmed that a request arrived",
    "case-extended": "took more time for a request",
    "case-answered": "answered a request",
    "other": "did something else",
}
_KINDS = {
    "identity": "who somebody is and how to reach them",
    "consent": "decisions about sharing",
    "ledger": "how records were joined",
    "log": "the audit log",
}
PURPOSES = titles.PURPOSE_TITLES | {"TREAT": "for treatment", "ETREAT": "for treatment in an emergency"}
_REASONS = {
    "password": "wrong password",
    "code": "wrong code of the second step",
    "passkey": "the passkey did not fit",
    "throttled": "too many tries",
    "closed": "the account is closed",
}


def deed(event: Event) -> str:
    """What was done, a key of the catalogue."""
    if event.kind in _DEEDS and (event.kind != "search" or not event.types):
        return _DEEDS[event.kind]
    name = deed_of(event)
    if name in ("saw", "wrote", "changed", "removed"):
        return titles.DEED_TITLES[name] if event.types or event.kind in _PLAIN else _DEEDS["other"]
    return _DEEDS.get(name) or titles.DEED_TITLES.get(name, _DEEDS["other"])


def kinds(event: Event) -> list[str]:
    """Of data, in the order of the table of permissions."""
    found = {kind_of(type) for type in event.types}
    return [_KINDS.get(kind, title) for kind, title in titles.KIND_TITLES.items() if kind in found]


def how(event: Event) -> str:
    """On a screen, printed, by a program, …"""
    return titles.ACTIVITY_TITLES.get(event.activity) or titles.CHANNEL_TITLES.get(event.channel, "")


def reason(event: Event, emergencies: dict[str, str]) -> tuple[str, str]:
    """What stands as a code, a key of the catalogue, and the words that somebody wrote."""
    code, colon, words = event.reason.partition(":")
    if event.kind == "sign-in":
        return _REASONS.get(event.reason, ""), ""
    return (emergencies[code], words.strip()) if colon and code in emergencies else ("", event.reason)


def every() -> Iterator[str]:
    for words in (ACT_TITLES, _DEEDS, _KINDS, PURPOSES, _REASONS):
        yield from words.values()


_PLAIN = frozenset({"read", "vread", "view", "history", "create", "update", "delete"})
