"""The words of a search, held against what codes are called, without accents and in any order.

Best first: the very code or name, a name that begins so, names in which each word begins a word.
"""

from __future__ import annotations

from hoso.core.text import fold
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, folded

MOST_WORDS = 8
MOST_LETTERS = 200
NOT_FOUND = 9


class Sought:
    """What somebody typed. An empty text finds all."""

    def __init__(self, text: str) -> None:
        whole = fold(text[:MOST_LETTERS]).replace("|", " ")
        self._words = whole.split()[:MOST_WORDS]
        self._exact, self._begins = f"|{whole}|", f"|{whole}"

    def rank(self, system: CodeSystem | None, concept: Concept) -> int:
        """The smaller the better; NOT_FOUND where it does not fit."""
        names = system.searched.get(concept.code) if system else None
        if names is None:
            names = folded(concept)
        for word in self._words:
            if word not in names:
                return NOT_FOUND
        if self._exact in names:
            return 0
        if self._begins in names:
            return 1
        fits = all(f" {word}" in names or f"|{word}" in names for word in self._words)
        return 2 if fits else NOT_FOUND

    def admits(self, system: CodeSystem | None, concept: Concept) -> bool:
        return not self._words or self.rank(system, concept) != NOT_FOUND
