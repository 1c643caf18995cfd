"""From the text of a name field to its words: encodings, keys, titles, notes and placeholders dealt with.

Most names need nothing of it and take the quick way. Work is bounded: of a longer text only the beginning is compared.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hoso.identity.normalise.characters import clean
from hoso.identity.normalise.fonts import as_unicode
from hoso.identity.normalise.keystrokes import Typed, decode
from hoso.identity.normalise.tables import NameTables, Phrase, names
from hoso.identity.normalise.words import Word, word

LONGEST_TEXT = 256
MOST_WORDS = 12
_TOKEN = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*(?:'(?:[^\W_]|[\u0300-\u036f])+)*")
_BRACKET = re.compile(r"[(\[{<]([^)\]}>]*)[)\]}>]?")
_CUT = re.compile(r"\s[-\u2013\u2014]+\s|[;|]|,(?=.*\d)")
_HORN = re.compile("u(?=[ơớờởỡợ].)")
_ENDING_DIGITS = re.compile(r"(\D+?)(\d{1,4})\Z")
_NO_WORDS: tuple[Word, ...] = ()


class Reading(NamedTuple):
    words: tuple[Word, ...]
    placeholder: bool = False
    mother: tuple[Word, ...] = _NO_WORDS
    twin: int | None = None
    truncated: bool = False
    notes: tuple[str, ...] = ()


def read(text: str) -> Reading:
    if len(text) <= LONGEST_TEXT and "\u00a0" not in text:  # also the second byte of à, read as Latin-1
        tokens = text.split()
        if len(tokens) <= MOST_WORDS:
            words = tuple([word(token) for token in tokens])
            if words and all([one.known for one in words]) and words[0].toned not in names().openings:
                return Reading(words)
    return _slowly(text)


def _slowly(text: str) -> Reading:
    truncated = len(text) > LONGEST_TEXT
    text, font = as_unicode(text[:LONGEST_TEXT])
    text, noted = clean(text)
    notes = [*noted, *([font] if font else [])]
    text, bracketed = _without_brackets(text.lower(), notes)
    tokens, cut = _tokens(text, notes)
    tokens = _decoded(tokens, notes)
    truncated = truncated or cut
    if truncated:
        notes.append("truncated")
    found = _placeholder([word(token) for token in tokens], notes)
    if not found.mother and bracketed:
        aside = _placeholder([word(token) for token in _TOKEN.findall(bracketed)], [])
        found = found._replace(mother=aside.mother, twin=found.twin or aside.twin)
    return found._replace(truncated=truncated, notes=tuple(notes))


def _without_brackets(text: str, notes: list[str]) -> tuple[str, str]:
    """The text without remarks in brackets or behind a dash, and the first remark."""
    aside = _BRACKET.search(text)
    if aside:
        text = _BRACKET.sub(" ", text)
        notes.append("note")
    cut = _CUT.search(text)
    if cut and len(_TOKEN.findall(text[: cut.start()])) > 1:
        notes.append("note")
        text = text[: cut.start()]
    return text, aside[1] if aside else ""


def _tokens(text: str, notes: list[str]) -> tuple[list[str], bool]:
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        mark, apostrophe, rest = token.partition("'")
        tokens += [mark, rest] if apostrophe and mark in names().clan_marks else [token]
    for at, token in enumerate(tokens):
        if at > 1 and token in names().note_words:
            notes.append("note")
            tokens = tokens[:at]
            break
    return tokens[:MOST_WORDS], len(tokens) > MOST_WORDS


def _decoded(tokens: list[str], notes: list[str]) -> list[str]:
    """Keys turned into letters, if the name as a whole leaves no doubt that they are keys."""
    tokens = _horned(tokens, notes)
    openings = names().openings
    unknown = {one for one in tokens if len(one) > 1 and not word(one).known and not one.isdigit()} - openings
    unknown -= names().clans
    typed = {one: found for one in unknown if (found := decode(one))}
    if not typed or len(typed) < len(unknown) or not _proved(typed, tokens):
        return tokens
    if any(found.keys == "telex" for found in typed.values()):  # then "oong" is ông, not the rime of xoong
        typed |= {one: found for one in tokens if "oo" in one and (found := decode(one))}
    result = [typed[one].toned if one in typed else one for one in tokens]
    if all(map(str.isascii, tokens)) and not any(one in names().surnames for one in result):
        return tokens
    notes += {found.keys for found in typed.values()}
    return result


def _proved(typed: dict[str, Typed], tokens: list[str]) -> bool:
    """One key that nothing else explains, or three that would have to be chance together: "Lee Max" is a name.

    Among words with their marks one key is enough in a longer word, and so is a digit that does not end the name.
    """
    points = [typed[one].points for one in tokens if one in typed]
    if max(points) > 1 or sum(points) > 2:
        return True
    marked = any(word(one).known and not one.isascii() for one in tokens)
    if any(found.keys == "vni-typing" for found in typed.values()):
        return any(one in typed for one in tokens[:-1])
    return marked and min(map(len, typed)) > 3


def _horned(tokens: list[str], notes: list[str]) -> list[str]:
    """ "truờng": before a final consonant uơ can only be ươ."""
    mended = [_HORN.sub("ư", one) for one in tokens]
    if mended == tokens:
        return tokens
    result = [
        new if new != old and word(new).known and not word(old).known else old
        for old, new in zip(tokens, mended, strict=True)
    ]
    if result != tokens:
        notes.append("horn")
    return result


def _placeholder(words: list[Word], notes: list[str]) -> Reading:
    table = names()
    digits = [one.plain for one in words if one.plain.isdigit()]
    named = [one for one in words if not one.plain.isdigit()]
    for start in range(min(len(named), 6)):
        if opening := _opening(named, start, table):
            return _child(named, start, start + opening[0], opening[1], digits, notes)
    if not named or tuple(one.toned for one in named) in table.nameless:
        notes.append("placeholder")
        return Reading(_NO_WORDS, placeholder=True, twin=_twin(digits))
    if digits:
        notes.append("digits")
    return Reading(tuple(_untitled(_undigited(named, notes), notes)))


def _opening(words: list[Word], at: int, table: NameTables) -> tuple[int, bool] | None:
    """How many words "con bà" and the like have here, and whether the mother follows."""
    if words[at].toned not in table.openings:
        return None
    for phrases, is_mother in ((table.child_of, True), (table.child_of_father, False)):
        for phrase in phrases:
            if len(words) > at + len(phrase) and _says(words, at, phrase):
                return len(phrase), is_mother
    if at == 0 and len(words) > 2 and words[0].toned == "con" and words[1].toned in table.frequent:
        return 1, True
    return None


def _says(words: list[Word], at: int, phrase: Phrase) -> bool:
    """The words stand here with the phrase's marks, or none of them has any mark."""
    if len(words) < at + len(phrase):
        return False
    found = words[at : at + len(phrase)]
    if all(one.toned == want for one, want in zip(found, phrase, strict=True)):
        return True
    plain = [one.toned for one in found]
    return all(map(str.isascii, plain)) and all(
        one.plain == word(want).plain for one, want in zip(found, phrase, strict=True)
    )


def _child(words: list[Word], start: int, after: int, is_mother: bool, digits: list[str], notes: list[str]) -> Reading:
    notes.append("placeholder")
    before = [one for one in words[:start] if one.plain not in names().newborn_words]
    parent, ending = _ending_digit(words[after:])
    mother = tuple(_untitled(parent, [])) if is_mother else _NO_WORDS
    twin = _twin(digits + ending)
    if len(before) > 1:  # the child has a name; the rest says whose it is
        return Reading(tuple(before), mother=mother, twin=twin)
    return Reading(_NO_WORDS, placeholder=True, mother=mother, twin=twin)


def _ending_digit(words: list[Word]) -> tuple[list[Word], list[str]]:
    match = _ENDING_DIGITS.match(words[-1].toned) if words else None
    if match and word(match[1]).known:
        return [*words[:-1], word(match[1])], [match[2]]
    return words, []


def _twin(digits: list[str]) -> int | None:
    return next((int(digit) for digit in digits if len(digit) == 1 and digit in "123456789"), None)


def _undigited(words: list[Word], notes: list[str]) -> list[Word]:
    """ "An2" for the second Nguyễn Văn An of a list; names of other languages keep their digits."""
    stripped = []
    for one in words:
        match = None if one.known else _ENDING_DIGITS.match(one.toned)
        stripped.append(word(match[1]) if match else one)
    if stripped == words or not all(one.known for one in stripped):
        return words
    notes.append("digits")
    return stripped


def _untitled(words: list[Word], notes: list[str]) -> list[Word]:
    table = names()
    if not words or words[0].toned not in table.openings:
        return words
    for phrases, always in ((table.titles, True), (table.titles_before_surname, False)):
        for phrase in phrases:
            rest = words[len(phrase) :]
            if len(rest) < 2 or not _says(words, 0, phrase):
                continue
            exact = words[0].toned == phrase[0]
            if not exact and (words[0].toned in table.surnames or not all(one.toned.isascii() for one in rest)):
                continue  # a word without marks among words with marks is itself: Chu, not chú
            if (always and exact) or _is_name(rest, exact, words[0].toned in table.surnames):
                notes.append("title")
                return rest
    return words


def _is_name(rest: list[Word], exact: bool, title_is_surname: bool) -> bool:
    """Does a name begin here, so that the word before it can only be a title?"""
    table = names()
    first = rest[0].toned
    if len(rest) > 2:
        return first in (table.surnames if exact else table.frequent)
    if rest[-1].toned in table.next_to_surname:  # "Anh Lê Thị" is Lê Thị Anh
        return False
    return first in (table.turned_round if title_is_surname else table.frequent)  # Ông Đinh Lộc may be of the clan Ông
