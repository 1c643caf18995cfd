"""What is about to be ordered: it travels in the form itself, so that nothing is stored before it is signed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal, InvalidOperation

from hoso.care.orders import Wanted
from hoso.care.orders.catalogue import chosen
from hoso.care.orders.prescription import Line

MOST = 20
_LONGEST = 300
_KINDS = ("test", "medicine")


@dataclass(frozen=True, slots=True)
class Item:
    """As typed. `code`: of the catalogue, "" for words of one's own; `reason`: why all the same."""

    kind: str
    code: str
    name: str
    strength: str = ""
    dose: str = ""
    days: str = ""
    quantity: str = ""
    unit: str = ""
    reason: str = ""
    words: str = ""

    @property
    def wanted(self) -> Wanted:
        choice = chosen(self.kind, self.code)
        if choice is None:
            return Wanted("test" if self.kind == "test" else "medicine", f"{self.name} {self.strength}".strip())
        wanted = choice.wanted()
        return replace(wanted, name=f"{wanted.name} {self.strength}".strip()) if self.strength else wanted

    @property
    def line(self) -> Line:
        return Line(self.wanted, self.dose, whole(self.days), number(self.quantity), self.unit)

    def packed(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def of_choice(text: str, typed: str) -> Item | None:
    """What a button stands for: "test|4548-4", or "test|" for the words that were typed."""
    kind, _, code = text.partition("|")
    if kind not in _KINDS:
        return None
    if not code:
        return Item(kind, "", typed.strip()[:_LONGEST]) if typed.strip() else None
    choice = chosen(kind, code)
    return Item(kind, code, choice.vi) if choice else None


def of_form(form: Mapping[str, str]) -> Item | None:
    """The chosen thing with all that was typed about it."""
    item = of_choice(form.get("chosen", ""), form.get("chosen_name", ""))
    if item is None:
        return None
    typed = {one.name: form.get(one.name, "").strip()[:_LONGEST] for one in fields(Item)[3:]}
    return replace(item, **typed)


def unpacked(texts: Sequence[str]) -> Iterator[Item]:
    """What the form brought along; what is not one of ours is left out, and nothing of it is believed but the words."""
    for text in texts[:MOST]:
        try:
            tree = json.loads(text[:4_000])
            made = Item(**{name: str(value)[:_LONGEST] for name, value in tree.items()})
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
        if made.kind in _KINDS and made.name.strip() and (not made.code or chosen(made.kind, made.code)):
            yield made


def whole(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 4 else None


def number(text: str) -> Decimal | None:
    """ "7,5" and "7.5" are one."""
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() and 0 <= found < 100_000 else None
