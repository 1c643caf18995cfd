"""The HoSo citizen code: 13 digits = a leading 9, ten digits without meaning, two check digits (ISO 7064 MOD 97-10).

Its length and first digit keep it apart from the 12-digit personal number, the 10-digit insurance number, the old
9-digit card and a phone number; it is shown in groups of 4-4-5 so that it can be read aloud.
"""

from __future__ import annotations

import re
from hashlib import blake2b

SYSTEM = "https://hoso.vn/sid/citizen-code"
PAYLOAD_DIGITS = 10

_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2013\u00b7]+")
_CODE = re.compile(r"9[0-9]{12}\Z")
_ROUNDS = 8


def make(payload: int) -> str:
    """The code of a payload below 10^10, as 13 digits."""
    if not 0 <= payload < 10**PAYLOAD_DIGITS:
        raise ValueError(payload)
    body = f"9{payload:010d}"
    return body + check_digits(body)


def check_digits(body: str) -> str:
    """The two digits that make the whole number leave 1 when divided by 97."""
    return f"{98 - int(body) * 100 % 97:02d}"


def is_valid(code: str) -> bool:
    return _CODE.match(code) is not None and int(code) % 97 == 1


def parse(text: str) -> str:
    """The 13 digits of a code as people write it ("9123 4567 89012"); ValueError when it is none."""
    code = _SEPARATORS.sub("", text)
    if not is_valid(code):
        raise ValueError(text)
    return code


def show(code: str) -> str:
    """In groups of 4-4-5."""
    return f"{code[:4]} {code[4:8]} {code[8:]}"


def payload(code: str) -> int:
    """The ten digits without meaning; the inverse of `make`."""
    return int(parse(code)[1:11])


def scramble(counter: int, key: bytes, digits: int = PAYLOAD_DIGITS) -> int:
    """A keyed permutation of the numbers below 10^digits (digits even): neither guessable nor ever the same twice.

    A Feistel network over two decimal halves; each round adds a keyed hash of one half to the other. The halves are
    decimal, so every result has the right length and none has to be thrown away; a round can be undone whatever its
    hash is, so two counters never meet. Eight rounds: four already hide a random function (Luby and Rackoff, 1988), and
    the rest answers what is known against small domains (NIST SP 800-38G).
    """
    half = _half(counter, digits)
    left, right = divmod(counter, half)
    for step in range(_ROUNDS):
        left, right = right, (left + _mixed(digits, step, right, key)) % half
    return left * half + right


def unscramble(scrambled: int, key: bytes, digits: int = PAYLOAD_DIGITS) -> int:
    """The counter of which `scramble` made this."""
    half = _half(scrambled, digits)
    left, right = divmod(scrambled, half)
    for step in reversed(range(_ROUNDS)):
        left, right = (right - _mixed(digits, step, left, key)) % half, left
    return left * half + right


def _half(number: int, digits: int) -> int:
    half: int = 10 ** (digits // 2)
    if digits % 2 or not 0 <= number < half * half:
        raise ValueError((number, digits))
    return half


def _mixed(digits: int, step: int, right: int, key: bytes) -> int:
    """64 bits for a half of some 17: the remainder favours no digit noticeably."""
    message = b"%d:%d:%d" % (digits, step, right)
    return int.from_bytes(blake2b(message, key=key, digest_size=8).digest(), "big")
