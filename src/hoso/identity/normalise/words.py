"""One word of a name in its three comparable forms; the same words come again and again, so each is read once."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from hoso.core import fold
from hoso.identity.normalise.syllable import VOWELS, respell, unmark
from hoso.identity.normalise.tables import same_words

_ONSETS = {
    "tr": "c", "ch": "c", "c": "k", "q": "k", "qu": "ku", "gh": "g", "ngh": "ng", "gi": "d", "r": "d", "v": "d",
    "x": "s", "n": "l",
}  # fmt: skip
_ENDS = (("ch", "t"), ("nh", "n"), ("ng", "n"), ("c", "t"))


class Word(NamedTuple):
    toned: str
    plain: str
    skeleton: str
    known: bool
    """Is it a Vietnamese syllable, with its marks or with none of them?"""


@lru_cache(maxsize=16_384)
def word(raw: str) -> Word:
    """A token in any case and normal form."""
    lower = raw.lower() if raw.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", raw).lower())
    toned = respell(lower)
    if toned is None:
        plain = fold(lower).replace(" ", "")
        return Word(lower, plain, plain, False)
    plain = unmark(toned)
    return Word(toned, plain, skeleton(plain), True)


def skeleton(plain: str) -> str:
    """How a plain syllable sounds when regional spellings are heard as one."""
    plain = same_words().get(plain, plain)
    onset, rime = _parts(plain)
    for end, heard in _ENDS:
        if rime.endswith(end):
            rime = rime[: -len(end)] + heard
            break
    return _ONSETS.get(onset, onset) + rime.replace("y", "i")


def _parts(plain: str) -> tuple[str, str]:
    at = next((at for at, ch in enumerate(plain) if ch in VOWELS), len(plain))
    onset, rime = plain[:at], plain[at:]
    if onset == "q" and rime.startswith("u") and len(rime) > 1:
        return "qu", rime[1:]
    if onset == "g" and rime.startswith("i") and len(rime) > 1 and rime[1] in VOWELS:
        return "gi", rime[1:]
    return onset, rime
