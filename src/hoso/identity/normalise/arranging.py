"""Which word is the family name? In Vietnamese order the first; imports turn it round, the Ê-đê end with it.

An order is changed only when it leaves no doubt; names of other languages keep the parts their record gives them.
"""

from __future__ import annotations

from typing import NamedTuple

from hoso.identity.normalise.tables import names
from hoso.identity.normalise.words import Word

_LETTERS = frozenset("ăâđêôơư")


class Arranged(NamedTuple):
    family: tuple[Word, ...]
    middle: tuple[Word, ...]
    given: tuple[Word, ...]
    turned: bool
    given_first: bool
    """Names of other languages: the given name stands before the middle ones."""


def arrange(words: tuple[Word, ...], family_words: tuple[Word, ...]) -> Arranged:
    """`family_words`: what the record calls the family name, empty if it does not say."""
    if len(words) < 2:
        return Arranged((), (), words, False, False)
    table = names()
    if words[0].toned in table.opening_surnames and all([one.known for one in words]):
        return _vietnamese(words, False)
    if words[0].toned in table.clan_marks and (found := _clan_last(words)):
        return _vietnamese(found, False)
    if not _is_vietnamese(words) and not _mistyped(words, family_words):
        return _foreign(words, family_words)
    turned = _turned(words, family_words)
    return _vietnamese(turned or words, turned is not None)


def _is_vietnamese(words: tuple[Word, ...]) -> bool:
    if all([one.known for one in words]):
        return True
    table = names()
    marks = any(not _LETTERS.isdisjoint(one.toned) or (one.known and not one.toned.isascii()) for one in words)
    return (
        marks or words[0].toned in table.clan_marks or words[0].toned in table.clans or words[-1].toned in table.clans
    )


def _mistyped(words: tuple[Word, ...], family_words: tuple[Word, ...]) -> bool:
    """ "LE MINNH TOAN", without any mark: one word that is no syllable makes no foreigner, wherever it stands."""
    in_order = words[: len(family_words)] == family_words
    return len(words) > 2 and in_order and sum(not one.known for one in words) == 1


def _vietnamese(words: tuple[Word, ...], turned: bool) -> Arranged:
    size = _family_size(words)
    return Arranged(words[:size], words[size:-1], words[-1:], turned, False)


def _family_size(words: tuple[Word, ...]) -> int:
    if len(words) > 2 and f"{words[0].toned} {words[1].toned}" in names().surnames:
        return 2
    return 0 if words[0].toned in names().clan_marks else 1


def _clan_last(words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """ "Y Khoa Niê Kđăm": the clan goes to the front."""
    clans = names().clans
    for size in (2, 1):
        if len(words) > size + 1 and " ".join(one.toned for one in words[-size:]) in clans:
            return (*words[-size:], *words[:-size])
    return None


def _turned(words: tuple[Word, ...], family_words: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """ "An Nguyễn" and "An Văn Nguyễn" put right; None when the order may be what it seems."""
    table = names()
    first, last = words[0].toned, words[-1].toned
    if first in table.opening_surnames:
        return None
    ends = table.never_given if first in table.surnames else table.turned_round
    if last in ends and (not last.isascii() or all(one.toned.isascii() for one in words)):
        rest = words[:-1]
        if len(rest) > 1 and rest[-1].toned in table.next_to_surname:
            rest = tuple(reversed(rest))
        return (words[-1], *rest)
    if len(words) < 3 or first in table.surnames or family_words != words[:1]:
        return None
    if words[1].toned in table.turned_round:
        return (*words[1:], words[0])
    return None


def _foreign(words: tuple[Word, ...], family_words: tuple[Word, ...]) -> Arranged:
    family = family_words or words[:1]
    rest = list(words)
    for one in family:
        if one in rest:
            rest.remove(one)
    return Arranged(family, tuple(rest[1:]), tuple(rest[:1]), False, True)
