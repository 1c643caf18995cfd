"""How a name reaches a record: typed with Telex or VNI keys, in the bytes of an old font, with its tones moved."""

import csv
import io
import unicodedata
from importlib.resources import files

from hypothesis import strategies as st

from hoso.identity.normalise.syllable import bare, split

TELEX_TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
VNI_TONES = {"\u0301": "1", "\u0300": "2", "\u0309": "3", "\u0303": "4", "\u0323": "5"}
TELEX = {"ă": "aw", "â": "aa", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw", "đ": "dd"}
VNI = {"ă": "a8", "â": "a6", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7", "đ": "d9"}
SURNAMES = ("Nguyễn", "Trần", "Phạm", "Đặng", "Huỳnh", "Vũ", "Lê", "Đỗ", "Hoàng", "Bùi", "Trương", "Dương", "Lương")
MIDDLES = ("Văn", "Thị", "Hữu", "Đức", "Ngọc", "Minh", "Quốc", "Thúy", "Xuân", "Như", "Bảo")
GIVENS = (
    "An", "Hòa", "Thúy", "Khuê", "Tuấn", "Hường", "Ưu", "Quý", "Ngoan", "Tuyết", "Yến", "Giang", "Khuyên", "Đăng", "Mỹ",
    "Huệ", "Thủy", "Loan", "Hoài", "Nghĩa", "Uyên", "Trường", "Quỳnh", "Vượng", "Liễu", "Phước", "Toàn", "Kiều", "Gìn",
)  # fmt: skip

people = st.builds(
    lambda family, middle, given: " ".join((family, *middle, given)),
    st.sampled_from(SURNAMES),
    st.lists(st.sampled_from(MIDDLES), max_size=2, unique=True),
    st.sampled_from(GIVENS),
)


def typed(name: str, letters: dict[str, str], tones: dict[str, str], at_end: bool) -> str:
    """The keys somebody presses for the name, each word's tone key at its end or behind its vowel."""
    return " ".join(_typed_word(word, letters, tones, at_end) for word in name.lower().split())


def _typed_word(word: str, letters: dict[str, str], tones: dict[str, str], at_end: bool) -> str:
    keys, tone = "", ""
    for ch in word:
        parts = bare(ch)
        assert parts
        letter, mark = parts
        keys += letters.get(letter, letter)
        if mark:
            tone = tones[mark]
            keys += "" if at_end else tone
    return keys + tone if at_end else keys


def tone_moved(name: str) -> str:
    """The other convention: "hòa" as "hoà", "thúy" as "thuý"."""
    return " ".join(map(_tone_moved, name.split()))


def _tone_moved(word: str) -> str:
    parts = bare(word.lower())
    assert parts
    body, tone = parts
    split_body = split(body)
    assert split_body
    onset, rime = split_body
    if not tone or rime not in ("oa", "oe", "uy"):
        return word
    return unicodedata.normalize("NFC", f"{onset}{rime}{tone}")


def in_font(name: str, column: str) -> str:
    """The bytes of a TCVN3 or VNI font shown as Latin letters (TCVN3 has no capitals of its own)."""
    table = _font(column)
    text = name.lower() if column == "tcvn3" else name
    return "".join(table.get(ch, ch) for ch in text)


def _font(column: str) -> dict[str, str]:
    text = (files("hoso.identity") / "data/fonts.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(text))
    return {row["letter"]: bytes.fromhex(row[column]).decode("latin-1") for row in rows if row[column]}


def unmarked(name: str) -> str:
    """What is left where only ASCII was kept."""
    decomposed = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))
