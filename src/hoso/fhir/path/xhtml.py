"""The rules for a narrative's XHTML (R4 txt-1 and txt-2), checked by a strict little scanner.

Only formatting elements and harmless attributes are let through; anything that runs or loads is not.
"""

from __future__ import annotations

import re
from xml.parsers import expat

_ELEMENTS = frozenset(
    "div p span br a b i em strong small big tt sub sup code pre blockquote q cite dfn abbr acronym address samp kbd var"
    " h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table caption colgroup col thead tbody tfoot tr th td hr img bdo map area".split()
)
_ATTRIBUTES = frozenset(
    "title style class id lang xml:lang dir accesskey tabindex xmlns"
    " abbr align axis border cellhalign cellpadding cellspacing cellvalign char charoff charset cite colspan cols coords"
    " frame headers height href hreflang longdesc media name nohref noshade rel rev rowspan rules scope shape size span"
    " src start summary target type usemap valign value width alt xml:space compact".split()
)
_SCRIPT = re.compile(r"\s*(?:javascript|vbscript|data(?!:image/(?:png|jpeg|gif)))\s*:", re.IGNORECASE)
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})


class _Refused(Exception):
    """Not a narrative."""


def is_narrative(text: str) -> bool:
    """One `div` of allowed elements and attributes, with some content in it."""
    scan = _Scan()
    parser = expat.ParserCreate()
    parser.StartElementHandler = scan.start
    parser.CharacterDataHandler = scan.characters
    parser.StartDoctypeDeclHandler = parser.ProcessingInstructionHandler = scan.refuse
    # HTML's entities are characters to a reader; without a document type expat would stop at them.
    plain = _NAMED.sub(lambda m: m.group() if m.group(1) in _XML else "x", text)
    try:
        parser.Parse(plain.strip(), True)
    except (expat.ExpatError, _Refused, ValueError):
        return False
    return scan.content


class _Scan:
    def __init__(self) -> None:
        self.content = False
        self.depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ELEMENTS or (self.depth == 0 and name != "div"):
            raise _Refused
        self.depth += 1
        self.content = self.content or name == "img"
        for key, value in attributes.items():
            if key not in _ATTRIBUTES or (key in ("href", "src") and _SCRIPT.match(value)):
                raise _Refused

    def characters(self, text: str) -> None:
        self.content = self.content or bool(text.strip())

    def refuse(self, *_: object) -> None:
        raise _Refused
