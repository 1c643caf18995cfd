"""What the pages of referrals say of a state, of what is late, and of a field that is wrong."""

from __future__ import annotations

from django.utils.translation import gettext as _

from hoso.care.referrals.follow import Late, State
from hoso.care.referrals.paper import FIELDS, REPLY_FIELDS, Field
from hoso.care.rules import table
from hoso.web.stewards import reader


def states() -> dict[State, str]:
    return {
        "sent": _("Sent, no answer yet"),
        "accepted": _("Will be received"),
        "arrived": _("Has arrived"),
        "answered": _("Return letter has come"),
        "read": _("Return letter was read"),
        "declined": _("Not received"),
        "withdrawn": _("Withdrawn"),
    }


def lates() -> dict[Late, str]:
    return {
        "not-come": _("did not arrive in time"),
        "no-letter": _("return letter is late"),
        "unread": _("return letter to read"),
    }


def reasons() -> dict[str, str]:
    return {code: words[reader()] for code, words in table("referrals")["reason"].items()}


def titles() -> dict[str, str]:
    return {field.title: _(field.title) for field in (*FIELDS, *REPLY_FIELDS)}


def wrong(field: Field, text: str) -> str:
    if field.required and not text.strip():
        return _("Write something here; “none” is an answer too.")
    if len(text) > field.longest:
        return _("Too long: %(length)s letters of at most %(most)s.") % {"length": len(text), "most": field.longest}
    return ""
