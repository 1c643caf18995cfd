"""Telephone numbers in the national form; mobile numbers of 11 digits as they read since 15 September 2018.

Numbers of other countries keep their digits, so that they still compare; numbers nobody has are dropped.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Old mobile prefix → new: plan of the Ministry of Information and Communications, 2018.
_MOVED = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036", "0167": "037", "0168": "038",
    "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_MOBILE = re.compile(r"0[35789][0-9]{8}\Z")
_LANDLINE = re.compile(r"02[0-9]{8,9}\Z")
_SEVERAL = re.compile(r"[/,;|]|\s-\s|\bho[aặ]c\b")
_EXTENSION = re.compile(r"(?:ext|x|máy lẻ)\.?\s*\d+\s*\Z", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s.\-()\u2010-\u2015\u00a0]+")
_DIGITS = re.compile(r"\+?[0-9]{7,15}\Z")
_DUMMIES = frozenset(("0123456789", "0987654321", "0912345678", "0901234567", "0123456798"))
_LONGEST = 80


@lru_cache(maxsize=8_192)
def phones_in(text: str) -> tuple[str, ...]:
    """The numbers of one field, often several with a slash between them."""
    plain = _MOBILE.match(text)
    parts = [text] if plain else _SEVERAL.split(text[:_LONGEST])
    return tuple(dict.fromkeys(number for part in parts if (number := _phone(part))))


def _phone(text: str) -> str:
    digits = _SEPARATORS.sub("", _EXTENSION.sub("", text.strip()))
    if not _DIGITS.match(digits):
        return ""
    number = _moved(_national(digits))
    return "" if _is_dummy(number) else number


def _national(digits: str) -> str:
    for prefix in ("+840", "+84", "00840", "0084"):
        if digits.startswith(prefix):
            return "0" + digits[len(prefix) :]
    if digits.startswith("84") and len(digits) == 11 and digits[2] in "35789":
        return "0" + digits[2:]
    if len(digits) == 9 and digits[0] in "35789":  # a spreadsheet took the zero for arithmetic
        return "0" + digits
    return digits


def _moved(number: str) -> str:
    if len(number) == 11 and number[:4] in _MOVED:
        return _MOVED[number[:4]] + number[4:]
    if len(number) == 10 and number.startswith("04"):  # Hà Nội before 2017
        return "024" + number[2:]
    return number


def _is_dummy(number: str) -> bool:
    own = number.lstrip("+")
    subscriber = own[3:] if _MOBILE.match(own) or _LANDLINE.match(own) else own
    return own in _DUMMIES or len(set(subscriber)) == 1
