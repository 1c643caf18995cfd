"""How alike two names are, syllable by syllable: tones lost, tones wrong, sounds spelt alike, one slip of the finger.

The same few thousand syllables meet each other again and again, so every pair is judged once and remembered.
"""

from __future__ import annotations

from functools import lru_cache

from hoso.core.text import fold
from hoso.identity.match import levels as L
from hoso.identity.normalise.words import word

CACHED = 1 << 17
LONG = 7
"""From this length two slips are still likelier than another name."""


@lru_cache(maxsize=CACHED)
def family_level(a: str, b: str) -> int:
    return _token_level(a, b)


@lru_cache(maxsize=CACHED)
def token_level(a: str, b: str) -> int:
    """A level of `given` for two toned syllables."""
    return _token_level(a, b)


def _token_level(a: str, b: str) -> int:
    if not a or not b:
        return L.MISSING
    if a == b:
        return L.SAME
    plain_a, plain_b = fold(a), fold(b)
    if plain_a == plain_b:
        return L.TOKEN_TONELESS if plain_a == a or plain_b == b else L.TOKEN_TONE
    if word(a).skeleton == word(b).skeleton:
        return L.TOKEN_SOUND
    if not _slip(plain_a, plain_b):
        return L.TOKEN_DIFFERENT
    # What is no syllable of the language is nobody's other name: it was mistyped.
    return L.TOKEN_EDIT if word(a).known == word(b).known else L.TOKEN_SLIP


def _slip(a: str, b: str) -> bool:
    shorter = min(len(a), len(b))
    if shorter < 3 and abs(len(a) - len(b)) != 1:
        return False
    return is_slip(a, b) or (shorter >= LONG and edits(a, b, 2) <= 2)


@lru_cache(maxsize=CACHED)
def middle_level(a: str, b: str) -> int:
    """A level of `middle` for two runs of middle names, each joined by spaces."""
    if a == b:
        return L.SAME
    if not a or not b:
        return L.MIDDLE_ABSENT
    parts_a, parts_b = a.split(), b.split()
    if len(parts_a) == len(parts_b):
        worst = max(_token_level(x, y) for x, y in zip(parts_a, parts_b, strict=True))
        if worst <= L.TOKEN_SOUND:
            return worst
        if worst <= L.TOKEN_EDIT:
            return L.TOKEN_SOUND
    shared = {word(x).skeleton for x in parts_a} & {word(y).skeleton for y in parts_b}
    return L.MIDDLE_PART if shared or _initials(parts_a, parts_b) else L.MIDDLE_DIFFERENT


def _initials(a: list[str], b: list[str]) -> bool:
    """ "V" for "Văn": one side writes only the first letters."""
    return (all(len(x) == 1 for x in a) or all(len(y) == 1 for y in b)) and [fold(x)[:1] for x in a] == [
        fold(y)[:1] for y in b
    ]


def edits(a: str, b: str, limit: int) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that part two strings; at most `limit + 1`."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
        before, last = last, row
    return min(last[-1], limit + 1)


@lru_cache(maxsize=CACHED)
def joined(family: str, middle: str, given: str) -> str:
    """A whole name without tones and spaces."""
    return fold(f"{family}{middle}{given}").replace(" ", "")


def one_slip(a: str, b: str) -> bool:
    """At most one letter is wrong, lost or too much; in linear time."""
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    at = 0
    while at < len(a) and a[at] == b[at]:
        at += 1
    return a[at + (len(a) == len(b)) :] == b[at + 1 :]


def is_slip(a: str, b: str) -> bool:
    """One slip apart: a wrong, lost or doubled letter or digit, or two neighbours swapped; what `edits` calls one. Not
    remembered but quick, as for numbers, which seldom meet twice: most differ at once and for good."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    if len(a) > len(b):
        a, b = b, a
    at = 0
    while at < len(a) and a[at] == b[at]:
        at += 1
    if len(a) < len(b):
        return a[at:] == b[at + 1 :]
    if a[at + 1 :] == b[at + 1 :]:
        return True
    return a[at : at + 2] == b[at : at + 2][::-1] and a[at + 2 :] == b[at + 2 :]


_SLIPS = frozenset(times * 10**place for place in range(18) for times in (*range(1, 10), *range(9, 90, 9)))
"""How far apart two numbers of one length are when a digit is wrong or two neighbours are swapped."""


def values_near(a: int | str, b: int | str, width: int = 0) -> bool:
    """`is_slip` of two values that are written with so many digits; 0 for as many as they have."""
    if isinstance(a, int) and isinstance(b, int) and abs(a - b) not in _SLIPS:
        least, most = (0, 10**width) if width else (10**8, 10**9)
        if least <= a < most and least <= b < most:
            return False
    return is_slip(str(a).zfill(width), str(b).zfill(width))


@lru_cache(maxsize=CACHED)
def address_level(a: str, b: str) -> int:
    """A level of `place` for two addresses without codes, by the pairs of letters they share (Dice)."""
    pairs_a, pairs_b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (a, b))
    shared = 2 * len(pairs_a & pairs_b) / ((len(pairs_a) + len(pairs_b)) or 1)
    cuts = ((0.8, L.PLACE_HAMLET), (0.65, L.PLACE_COMMUNE), (0.5, L.PLACE_PROVINCE))
    return next((level for least, level in cuts if shared >= least), L.PLACE_DIFFERENT)


@lru_cache(maxsize=CACHED)
def full_level(a: str, b: str) -> int:
    """A level of `mother` for two full names."""
    if not a or not b:
        return L.MISSING
    if a == b:
        return L.SAME
    bones_a, bones_b = skeletons(a), skeletons(b)
    if bones_a == bones_b or fold(a) == fold(b):
        return L.SAME
    if sorted(bones_a) == sorted(bones_b) or (bones_a[0] == bones_b[0] and bones_a[-1] == bones_b[-1]):
        return L.MOTHER_LIKE
    return L.MOTHER_DIFFERENT


@lru_cache(maxsize=CACHED)
def skeletons(name: str) -> tuple[str, ...]:
    return tuple(word(token).skeleton for token in name.split())
