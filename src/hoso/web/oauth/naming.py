"""Names of apps: what one may be called, and whether it could be taken for another.

Letters that look the same in two scripts are how a false app dresses up as a known one (case 27).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from hoso.core.text import fold

if TYPE_CHECKING:
    from hoso.web.oauth.models import Client

LONGEST = 80
_ALIKE = {
    "a": "аα", "b": "ьв", "c": "сϲ", "d": "ԁ", "e": "еє", "g": "ɡ", "h": "һн", "i": "іι1|l", "j": "ј", "k": "кκ",
    "m": "м", "n": "пη", "o": "оο0σ", "p": "рρ", "q": "ԛ", "r": "г", "s": "ѕ", "t": "тτ", "u": "υ", "v": "ν", "w": "ԝ",
    "x": "хχ", "y": "уγ", "z": "ᴢ",
}  # fmt: skip
_LOOKALIKES = str.maketrans({sign: plain for plain, signs in _ALIKE.items() for sign in signs})


def clean(name: str) -> str | None:
    """As it will be shown; None for one that is empty, too long, or has signs that cannot be seen."""
    text = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 1 <= len(text) <= LONGEST or not text.isprintable():
        return None
    return None if any(unicodedata.category(sign)[0] == "C" for sign in text) else text


def mixed(name: str) -> bool:
    """Whether letters of more than one script are in it."""
    scripts = {unicodedata.name(sign, "?").split(" ")[0] for sign in name if sign.isalpha()}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "FULLWIDTH"}) > 1


def skeleton(name: str) -> str:
    """Two names with the same one look the same to somebody in a hurry."""
    plain = fold(unicodedata.normalize("NFKC", name)).translate(_LOOKALIKES)
    return "".join(sign for sign in plain if sign.isalnum()).replace("rn", "m").replace("vv", "w")


def doubts(client: Client) -> list[str]:
    """Why the name might mislead: "mixed", or the names of approved clients it looks like."""
    from hoso.web.oauth.models import APPROVED

    found = ["mixed"] if mixed(client.name) else []
    mine = skeleton(client.name)
    others = type(client).objects.filter(state=APPROVED).exclude(pk=client.pk).only("name", "owner")
    alike = (f"{other.name} ({other.owner})" for other in others if skeleton(other.name) == mine)
    return [*found, *dict.fromkeys(alike)]
