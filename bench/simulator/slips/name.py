"""Slips in the name: what was told or heard wrongly, and what keyboard, font and software make of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from bench.simulator import writing
from bench.simulator.form import Form
from bench.simulator.people import Person
from bench.simulator.slips.kind import Slip

_TITLES = ("Ông {}", "Bà {}", "Bé {}", "{} (BHYT hết hạn)", "{} 2", "Cháu {}", "{}.")


def _some(form: Form, rng: Random) -> int:
    return int(rng.random() * len(form.tokens))


def one_token(change: Callable[[str, Random], str]) -> Slip:
    def slip(form: Form, person: Person, rng: Random) -> bool:
        tokens, at = form.tokens, _some(form, rng)
        for step in range(len(tokens)):
            place = (at + step) % len(tokens)
            other = change(tokens[place], rng)
            if other != tokens[place]:
                tokens[place] = other
                form.tokens = tokens
                return True
        return False

    return slip


def placeholder(form: Form, person: Person, rng: Random) -> bool:
    """A newborn written down under the mother's name."""
    if person.mother is None or person.age > 0:
        return False
    mother = " ".join(person.mother.name)
    number = " 2" if person.twin and person.twin.key < person.key else " 1" if person.twin else ""
    style = rng.random()
    if style < 0.4:
        form.written = f"Con bà {mother}{number}"
    elif style < 0.8:
        form.written = f"CB {writing.no_marks(mother).upper()}{number}"
    else:
        form.written = f"{'BG' if person.sex == 'f' else 'BT'} {mother.upper()}{number}"
    form.personal = form.card = form.social = ""
    form.phone = person.mother.phone if form.phone else ""
    form.raw = True
    return True


def title(form: Form, person: Person, rng: Random) -> bool:
    if form.written:
        return False
    form.written = rng.choice(_TITLES).format(" ".join(form.tokens))
    return True


def middle_dropped(form: Form, person: Person, rng: Random) -> bool:
    if len(form.given) < 2:
        return False
    form.given = [form.given[-1]] if len(form.given) == 2 or rng.random() < 0.5 else form.given[1:]
    return True


def swapped_parts(form: Form, person: Person, rng: Random) -> bool:
    """Given name first, or family and given in each other's field."""
    tokens = form.tokens
    if len(tokens) < 2:
        return False
    turned = [*tokens[1:], tokens[0]] if rng.random() < 0.5 else [tokens[-1], *tokens[1:-1], tokens[0]]
    form.tokens = turned
    return True


def style(new: bool) -> Slip:
    def slip(form: Form, person: Person, rng: Random) -> bool:
        tokens = [writing.tone_style(token, new) for token in form.tokens]
        changed, form.tokens = tokens != form.tokens, tokens
        return changed

    return slip


def letters(change: Callable[[str], str], share_of_whole: float = 1.0) -> Slip:
    """Damage to the letters of the whole name, or of one token only."""

    def slip(form: Form, person: Person, rng: Random) -> bool:
        if form.raw:
            return False
        tokens = form.tokens
        if rng.random() < share_of_whole:
            other = [change(token) for token in tokens]
        else:
            at = _some(form, rng)
            other = [change(token) if place == at else token for place, token in enumerate(tokens)]
        if other == tokens:
            return False
        form.tokens, form.raw = other, True
        return True

    return slip


def decomposed(form: Form, person: Person, rng: Random) -> bool:
    """Typed on a system that keeps letters and marks apart (NFD)."""
    if form.raw:
        return False
    form.tokens = [unicodedata.normalize("NFD", token) for token in form.tokens]
    return True


def all_caps(form: Form, person: Person, rng: Random) -> bool:
    form.tokens = [token.upper() for token in form.tokens]
    form.written = form.written.upper()
    return True


def one_name_field(form: Form, person: Person, rng: Random) -> bool:
    form.only_text = True
    return False
