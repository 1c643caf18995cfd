"""The spelling of a Vietnamese syllable: is a token one, and where does its tone mark stand?

Tones are written the older way ("hòa", "thúy"): of two open vowels the first carries the mark. The rimes are those of
the national orthography with a few regional ones; ethnic and foreign names are no syllables and stay as they are.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_RIMES = """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    y ych ym yn ynh yt yêm yên yêng yêt yêu o oc oi om on ong ooc oong op ot oa oac oach oai oam oan oang oanh oao oap
    oat oay oeo oe oen oet oăc oăm oăn oăng oăt ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uc ui um un ung up ut
    uân uâng uât uây uê uêch uên uênh uêu uôc uôi uôm uôn uông uôt uơ uy uya uych uyn uyên uyêt uynh uyp uyt uyu
    ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
"""
ONSETS = frozenset((*_ONSETS.split(), ""))
RIMES = frozenset(_RIMES.split())
VOWELS = frozenset("aăâeêioôơuưy")
GRAVE, ACUTE, HOOK, TILDE, DOT = "\u0300", "\u0301", "\u0309", "\u0303", "\u0323"
TONES = frozenset((GRAVE, ACUTE, HOOK, TILDE, DOT))
_STOPS = ("p", "t", "c", "ch")
_TWO_PLACES = ("oa", "oe", "uy")
_QUALITY = frozenset("ăâêôơư")
_PLAIN = str.maketrans("ăâđêôơư", "aadeoou")
_PLAIN_RIMES = frozenset(rime.translate(_PLAIN) for rime in RIMES)
_WITH_TONE = {
    unicodedata.normalize("NFC", vowel + tone): (vowel, tone) for vowel in sorted(VOWELS) for tone in sorted(TONES)
}
_COMPOSED = {pair: letter for letter, pair in _WITH_TONE.items()}
_UNMARKED = str.maketrans(
    {letter: vowel.translate(_PLAIN) for letter, (vowel, _) in _WITH_TONE.items()}
    | dict(zip("ăâđêôơư", "aadeoou", strict=True))
)


def bare(token: str) -> tuple[str, str] | None:
    """The token without its tone mark, and the mark ("" if there is none); None when it carries two."""
    tone = ""
    kept = []
    for letter in token:
        pair = _WITH_TONE.get(letter)
        if pair:
            if tone:
                return None
            letter, tone = pair
        kept.append(letter)
    return "".join(kept), tone


def split(body: str, rimes: frozenset[str] = RIMES) -> tuple[str, str] | None:
    """Onset and rime of a syllable without tone; None when it is none."""
    for length in (3, 2, 1, 0):
        onset, rime = body[:length], body[length:]
        if onset in ONSETS and rime in rimes:
            return onset, rime
    return None


def compose(onset: str, rime: str, tone: str) -> str:
    if not tone:
        return onset + rime
    at = _tone_at(rime)
    return f"{onset}{rime[:at]}{_COMPOSED[rime[at], tone]}{rime[at + 1 :]}"


def _tone_at(rime: str) -> int:
    for at in range(len(rime) - 1, -1, -1):
        if rime[at] in _QUALITY:
            return at
    count = sum(letter in VOWELS for letter in rime)
    if count == 1:
        return 0
    return 1 if count == 3 or count < len(rime) else 0


def spell(body: str, tone: str) -> str | None:
    """The syllable of these letters and this tone, written in the one way; None when there is no such syllable."""
    parts = split(body)
    if parts is None or (tone and not _can_carry(parts[1], tone)):
        return None
    return compose(*parts, tone)


def _can_carry(rime: str, tone: str) -> bool:
    """Syllables that end in a stop have the tones sắc and nặng only."""
    return tone in (ACUTE, DOT) or not rime.endswith(_STOPS)


@lru_cache(maxsize=8_192)
def respell(token: str) -> str | None:
    """The token (lower case, NFC) as the syllable it is, tone mark in the one place; None when it is no syllable.

    Letters of ASCII alone also pass when they are a syllable whose marks were dropped: "nguyen".
    """
    parts = bare(token)
    if parts is None:
        return None
    body, tone = parts
    spelt = spell(body, tone)
    if spelt is None and not tone and token.isascii() and split(token, _PLAIN_RIMES):
        return token
    return spelt


def is_written(token: str) -> bool:
    """Is the token a syllable whose tone mark stands where one of the two conventions puts it?"""
    spelt = respell(token)
    if spelt is None or spelt == token:
        return spelt is not None
    parts = bare(token)
    return parts is not None and parts[0].endswith(_TWO_PLACES) and token[-1] in _WITH_TONE


def unmark(token: str) -> str:
    """Without tones and marks, đ as d; letters outside the alphabet stay."""
    return token.translate(_UNMARKED)
