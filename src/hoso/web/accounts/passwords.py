"""Which passwords are refused: short ones, and those a guesser tries first. No composition, no change by calendar.

Length is what resists guessing (NIST 800-63B-4); a list of forbidden words keeps the long ones from being
"passwordpassword".
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from hoso.core import fold

LONGEST = 256
_LETTERS_AT_LEAST = 6
_OWN_AT_LEAST = 8
"""What has to be left of a password when the names everybody knows are taken out of it."""


class _Rule:
    def get_help_text(self) -> str:
        """None: the page says what is wrong when something is."""
        return ""


class Length(_Rule):
    def __init__(self, shortest: int) -> None:
        self.shortest = shortest

    def validate(self, password: str, user: object = None) -> None:
        if len(password) < self.shortest:
            raise ValidationError(_("At least %(n)s characters."), code="short", params={"n": self.shortest})
        if len(password) > LONGEST:
            raise ValidationError(_("At most %(n)s characters."), code="long", params={"n": LONGEST})


class Guessable(_Rule):
    """Few different letters, a common password once or several times, or little beside the account's own name."""

    def validate(self, password: str, user: Any = None) -> None:
        plain = fold(password)
        if len(set(plain)) < _LETTERS_AT_LEAST:
            raise ValidationError(_("Too few different letters."), code="few")
        core = _stripped(plain)
        if core in common() or _part(core) in common():
            raise ValidationError(_("This is one of the passwords that are tried first."), code="common")
        known = [fold(str(name)) for name in (getattr(user, "username", ""), getattr(user, "name", "")) if name]
        rest = plain
        for name in (*known, "hoso"):
            rest = rest.replace(name, "") if len(name) > 2 else rest
        if rest != plain and len(rest) < _OWN_AT_LEAST:
            raise ValidationError(_("It is hardly more than the account's name."), code="own_name")


def _stripped(plain: str) -> str:
    """Without the digits and signs that are hung on to a word to make it longer."""
    return plain.strip("0123456789 !@#$%^&*()-_=+.,?/") or plain


def _part(text: str) -> str:
    """What a text repeats from beginning to end; the text itself when it repeats nothing."""
    at = (text + text).find(text, 1)
    return text[:at]


@cache
def common() -> frozenset[str]:
    """Django's list of 20,000, which comes with it."""
    file = Path(password_validation.__file__).parent / "common-passwords.txt.gz"
    return frozenset(gzip.decompress(file.read_bytes()).decode("utf-8").split())
