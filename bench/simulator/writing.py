"""How Vietnamese letters get damaged: input methods that did not take, old fonts, tones, spelling by ear."""

from __future__ import annotations

import csv
import unicodedata
from functools import cache
from random import Random

from bench.simulator.places import DATA

TONES = {"\u0300": "huyen", "\u0301": "sac", "\u0309": "hoi", "\u0303": "nga", "\u0323": "nang"}
_TELEX_TONE = {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
_VNI_TONE = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
_CONFUSED = {
    "\u0309": "\u0303\u0303\u0301",
    "\u0303": "\u0309\u0309\u0300",
    "\u0301": "\u0300\u0309",
    "\u0300": "\u0301\u0323",
    "\u0323": "\u0300\u0301",
}
"""What a tone is taken for, the likelier more often: hỏi and ngã above all."""
_TELEX_MARK = {"\u0302": None, "\u0306": "w", "\u031b": "w"}
_VNI_MARK = {"\u0302": "6", "\u031b": "7", "\u0306": "8"}

BY_EAR = (
    ("tr", "ch"),
    ("ch", "tr"),
    ("s", "x"),
    ("x", "s"),
    ("l", "n"),
    ("n", "l"),
    ("gi", "d"),
    ("d", "gi"),
    ("v", "d"),
)
ENDINGS = (("ng", "n"), ("n", "ng"), ("t", "c"), ("c", "t"), ("y", "i"), ("i", "y"))
SOUTHERN = (("Hoàng", "Huỳnh"), ("Vũ", "Võ"), ("Phúc", "Phước"), ("Cảnh", "Kiểng"), ("Bảo", "Bửu"))

_MARKED = {"o": "òóỏõọ", "u": "ùúủũụ", "a": "àáảãạ", "e": "èéẻẽẹ", "y": "ỳýỷỹỵ"}
_OLD_TO_NEW = {
    _MARKED[a][tone] + b: a + _MARKED[b][tone] for a, b in (("o", "a"), ("o", "e"), ("u", "y")) for tone in range(5)
}
_NEW_TO_OLD = {new: old for old, new in _OLD_TO_NEW.items()}


def no_marks(text: str) -> str:
    low = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(ch for ch in low if not unicodedata.combining(ch))


def telex(token: str) -> str:
    """The keys of the Telex method: Nguyễn → Nguyeenx, Đức → DDuwcs."""
    letters: list[str] = []
    tone = ""
    for ch in unicodedata.normalize("NFD", token.replace("đ", "dd").replace("Đ", "DD")):
        if ch in _TELEX_TONE:
            tone = _TELEX_TONE[ch]
        elif ch in _TELEX_MARK:
            letters.append(_TELEX_MARK[ch] or letters[-1].lower())
        else:
            letters.append(ch)
    return "".join(letters) + tone


def vni_keys(token: str) -> str:
    """The keys of the VNI method: Nguyễn → Nguye6n4."""
    letters: list[str] = []
    tone = ""
    for ch in unicodedata.normalize("NFD", token.replace("đ", "d9").replace("Đ", "D9")):
        if ch in _VNI_TONE:
            tone = _VNI_TONE[ch]
        else:
            letters.append(_VNI_MARK.get(ch, ch))
    return "".join(letters) + tone


def tcvn3(text: str) -> str:
    """Bytes of a TCVN3 font read as Western letters: Nguyễn Văn → NguyÔn V¨n. Toned capitals lose their case."""
    table = _fonts()[0]
    return "".join(table.get(ch, table.get(ch.lower(), ch)) for ch in text)


def vni_font(text: str) -> str:
    """Bytes of a VNI font read as Western letters: Nguyễn Văn → Nguyeãn Vaên."""
    return "".join(_fonts()[1].get(ch, ch) for ch in text)


@cache
def _fonts() -> tuple[dict[str, str], dict[str, str]]:
    tcvn3_letters, vni_letters = {}, {}
    with (DATA / "old_fonts.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["tcvn3"]:
                tcvn3_letters[row["letter"]] = bytes.fromhex(row["tcvn3"]).decode("latin-1")
            vni_letters[row["letter"]] = bytes.fromhex(row["vni"]).decode("latin-1")
    return tcvn3_letters, vni_letters


def mojibake(text: str) -> str:
    """UTF-8 read as Windows-1252, where every byte has a letter there."""
    return "".join(_western(byte) for byte in text.encode())


def _western(byte: int) -> str:
    try:
        return bytes((byte,)).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


def other_tone(token: str, rng: Random) -> str:
    """A neighbouring tone, or now and then none at all; a token without a tone stays."""
    letters = unicodedata.normalize("NFD", token)
    at = next((i for i, ch in enumerate(letters) if ch in TONES), None)
    if at is None:
        return token
    tone = "" if rng.random() < 0.25 else rng.choice(_CONFUSED[letters[at]])
    return unicodedata.normalize("NFC", letters[:at] + tone + letters[at + 1 :])


def tone_style(token: str, new: bool) -> str:
    """Hòa as Hoà (the newer style) or the other way round; words of qu- have no choice."""
    table = _OLD_TO_NEW if new else _NEW_TO_OLD
    end = token[-2:].lower()
    if end not in table or token[-3:-2].lower() == "q":
        return token
    swapped = table[end]
    if token.isupper():
        return token[:-2] + swapped.upper()
    return token[:-2] + (swapped.capitalize() if token[-2].isupper() else swapped)


def letter_typo(token: str, rng: Random) -> str:
    """One letter lost, doubled, put in or struck for another, or two exchanged."""
    at = int(rng.random() * len(token))
    kind = int(rng.random() * 5)
    if kind == 0 and len(token) > 2:
        return token[:at] + token[at + 1 :]
    if kind == 1:
        return token[:at] + token[at] + token[at:]
    other = rng.choice("aeioughnmtlc")
    if kind == 2:
        return token[: at + 1] + other + token[at + 1 :]
    if kind == 3 and 0 < at < len(token) - 1:
        return token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    return token[:at] + (other.upper() if token[at].isupper() else other) + token[at + 1 :]


def by_ear(token: str, rng: Random) -> str:
    """Spelled as it sounds in some region; a token without such a sound stays."""
    choices = [other for pair in SOUTHERN for name, other in (pair, pair[::-1]) if name == token]
    low = token.lower()
    starts = [b + token[len(a) :] for a, b in BY_EAR if low.startswith(a) and not low.startswith(("ch", "nh", "ng"), 0)]
    if low.startswith("ch"):
        starts = ["tr" + token[2:]]
    choices += [start[0].upper() + start[1:] if token[0].isupper() else start for start in starts]
    choices += [
        token[: -len(a)] + b for a, b in ENDINGS if low.endswith(a) and len(token) > len(a) + 1 and low[-2:] != "nh"
    ]
    return rng.choice(choices) if choices else token
