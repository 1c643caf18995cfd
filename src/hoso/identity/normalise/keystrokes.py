"""Telex and VNI keys that reached a record as they were typed: "Nguyeenx", "Nguye6n4" → "nguyễn".

A key is believed only when what it makes is a syllable; how much it proves is given as points, so that the caller can
leave "Max" and "Lee" alone.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

from hoso.identity.normalise.syllable import ACUTE, DOT, GRAVE, HOOK, TILDE, VOWELS, bare, spell


class Typed(NamedTuple):
    toned: str
    points: int
    """2 for a key that no other language explains, 1 for one that may be chance."""
    keys: str
    """"telex" or "vni-typing"."""


_TELEX_TONES = {"s": ACUTE, "f": GRAVE, "r": HOOK, "x": TILDE, "j": DOT}
_VNI_TONES = {"1": ACUTE, "2": GRAVE, "3": HOOK, "4": TILDE, "5": DOT}
_DOUBLED = (("aa", "â"), ("ee", "ê"), ("oo", "ô"))
_HORNED = {"u": "ư", "o": "ơ"}
_SHAPES = {"6": {"a": "â", "e": "ê", "o": "ô"}, "7": _HORNED, "8": {"a": "ă"}}
_LONGEST = 12  # nghiêng typed with every key has 9


@lru_cache(maxsize=8_192)
def decode(token: str) -> Typed | None:
    """What the keys of a lower-case token spell, if they spell exactly one syllable."""
    if len(token) > _LONGEST:
        return None
    digits = any("1" <= ch <= "9" for ch in token)
    return _vni(token) if digits else _telex(token)


def _telex(token: str) -> Typed | None:
    head, tail = _halves(token)
    points = 0
    if head.startswith("dd"):
        head, points = head[1:].replace("d", "đ", 1), 2
    elif head.startswith("d") and len(tail) > 1 and tail.endswith("d"):
        head, tail, points = "đ" + head[1:], tail[:-1], 2
    parts = bare(tail)
    if parts is None:
        return None
    tail, tone = parts
    pressed = [ch for ch in tail if ch in _TELEX_TONES]
    if len(pressed) + bool(tone) > 1:
        return None
    if pressed:
        tone = _TELEX_TONES[pressed[0]]
        tail = tail.replace(pressed[0], "")
        points += 2 if pressed[0] in "fj" else 1
    for pair, letter in _DOUBLED:
        if pair in tail:
            tail = tail.replace(pair, letter, 1)
            points += 1
    if "w" in tail:
        points += 2
        bodies = _with_horns(head, tail)
    else:
        bodies = {head + tail}
    spelt = {word for body in bodies if (word := spell(body, tone))}
    return Typed(spelt.pop(), points, "telex") if points and len(spelt) == 1 else None


def _halves(token: str) -> tuple[str, str]:
    """Before and from the first vowel; a w without a vowel before it is the vowel ư."""
    for at, ch in enumerate(token):
        if ch in VOWELS or bare(ch) != (ch, ""):
            return token[:at], token[at:]
        if ch == "w":
            rest = token[at + 1 :]
            return token[:at], ("uw" + rest)
    return token, ""


def _with_horns(head: str, tail: str) -> set[str]:
    letters = tail.replace("w", "")
    if "uo" in letters:
        both = letters.replace("uo", "ươ", 1)
        single = letters.replace("uo", "uơ", 1)
        return {head + both} if spell(head + both, "") else {head + single}
    before = tail[tail.index("w") - 1] if tail.index("w") else ""
    if tail.count("w") > 1:
        return set()
    marks = {"a": "ă", **_HORNED}
    found = {
        head + letters[:at] + marks[ch] + letters[at + 1 :]
        for at, ch in enumerate(letters)
        if ch in marks and (before not in marks or ch == before)
    }
    if "ua" in letters:
        found.add(head + letters.replace("ua", "ưa", 1))
    return {body for body in found if spell(body, "")}


def _vni(token: str) -> Typed | None:
    digits = [ch for ch in token if ch.isdigit()]
    if digits.count("7") == 2:  # both letters of "ươ" typed with their horn
        digits.remove("7")
    letters = written = "".join(ch for ch in token if not ch.isdigit())
    parts = bare(letters)
    if parts is None or not letters or token[0].isdigit() or len(set(digits)) != len(digits):
        return None
    letters, tone = parts
    tones = [ch for ch in digits if ch in _VNI_TONES]
    if len(tones) + bool(tone) > 1:
        return None
    shapes = [ch for ch in digits if ch not in _VNI_TONES]
    choices: list[list[str]] = []
    for ch in letters:
        options = {_SHAPES[digit][ch] for digit in shapes if digit in _SHAPES and ch in _SHAPES[digit]}
        choices.append([ch, *sorted(options)])
    if "9" in shapes:
        if letters[0] != "d":
            return None
        choices[0] = ["đ"]
    if len(digits) > 4 or sum(len(options) > 1 for options in choices) > 4:
        return None
    tone = _VNI_TONES[tones[0]] if tones else tone
    spelt = {
        word for body in map("".join, product(*choices)) if _uses(body, letters, shapes) and (word := spell(body, tone))
    }
    inside = token.rstrip("0123456789") != written  # a digit at the end may as well count namesakes
    points = 2 * len(shapes) + (2 if inside else 1) * len(tones)
    return Typed(_nearest(spelt), points, "vni-typing") if spelt and _nearest(spelt) else None


def _uses(body: str, letters: str, shapes: list[str]) -> bool:
    """Every key left its mark, and no mark came without a key."""
    made = {letter for letter, before in zip(body, letters, strict=True) if letter != before}
    wanted = {"9": "đ", "6": "âêô", "7": "ươ", "8": "ă"}
    return all(made & set(wanted.get(digit, "")) for digit in shapes)


def _nearest(spelt: set[str]) -> str:
    """One reading, or of several the one with both horns: "uo7" is ươ."""
    if len(spelt) == 1:
        return next(iter(spelt))
    horned = [word for word in spelt if "ư" in word and any(ch in word for ch in "ơớờởỡợ")]
    return horned[0] if len(horned) == 1 else ""
