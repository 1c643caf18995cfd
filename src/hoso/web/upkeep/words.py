"""What the pages of upkeep call what was looked at, and features that can be switched off; keys of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CHECK_TITLES: Mapping[str, str] = {
    "integrity": "File of the database",
    "migrations": "Form of this release",
    "chain": "Chain of changes without a gap",
    "log": "Changes as they were stored",
    "heads": "What is current agrees with the changes",
    "index": "Search finds what is there",
    "labels": "Special records are marked",
    "seals": "Keys of special records",
    "people": "Which records are whose",
    "staff": "Accounts of staff",
    "offices": "Roles that somebody must hold",
    "profiles": "Records against the profiles",
    "audit": "End of the audit log",
}
OTHER_CHECK = "Something else"
_HEALTH = (
    "Database", "It answers.", "It does not answer. Tell whoever runs this server at once.", "Audit log",
    "Its end is sound and signed.", "Its end is not sound. Keep the server as it is and tell whoever runs it.", "Disk",
    "It is nearly full. Make room before nothing can be written any more.", "There is room.",
    "Exchange with other nodes", "Somebody who answers", "Nobody can sign in in this role. Give it to somebody.",
    "Each role that somebody must hold is held.", "All is as it should be.",
    "There are faults. Whoever runs this server mends them as the command says.",
)  # fmt: skip
SWITCH_TITLES: Mapping[str, tuple[str, str]] = {
    "sharing": (
        "Citizens share by QR and by code",
        "Off: no link is made, those that were made cannot be opened, and no code lets anybody in.",
    ),
    "enrolment": (
        "Citizens make an account",
        "Off: codes for a first sign-in are not taken. Who has an account keeps it.",
    ),
    "imports": ("Files are brought on pages", "Off: files come by the interface for systems and by command only."),
    "apps": ("Other apps are opened and let in", "Off: no app is opened from a record, and none is newly let in."),
    "manual": ("The manual is open to everybody", "Off: the manual is there for nobody, signed in or not."),
}


def every() -> Iterator[str]:
    yield from CHECK_TITLES.values()
    yield from (OTHER_CHECK, *_HEALTH)
    for title, meaning in SWITCH_TITLES.values():
        yield from (title, meaning)
