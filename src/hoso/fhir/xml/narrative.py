"""The XHTML of a narrative between the two forms: in JSON a string, in XML elements; the text stays as it came."""

from __future__ import annotations

from xml.parsers import expat

from hoso.fhir.rules.narrative import XHTML
from hoso.fhir.xml.text import attribute

__all__ = ["XHTML", "Div", "embedded"]

_XML = "http://www.w3.org/XML/1998/namespace"


class Div:
    """A narrative being read. Its own bytes are taken where they mean the same out of their document.

    They do not where a prefix declared further out is used: then the elements are written anew without prefixes.
    """

    def __init__(self, begins: int) -> None:
        self._begins = begins
        self._names: list[str] = []
        self._pieces: list[str] = []
        self._prefixed = False

    @property
    def depth(self) -> int:
        return len(self._names)

    def start(self, name: str, prefix: str, attributes: list[str]) -> None:
        self._prefixed = self._prefixed or bool(prefix)
        written = "" if self._names else f' xmlns="{XHTML}"'
        for key, text in zip(attributes[::2], attributes[1::2], strict=True):
            written += f' {_local(key)}="{attribute(text)}"'
        self._pieces.append(f"<{name}{written}>")
        self._names.append(name)

    def text(self, text: str) -> None:
        self._pieces.append(attribute(text))

    def end(self) -> bool:
        """Whether that was the end of the narrative."""
        self._pieces.append(f"</{self._names.pop()}>")
        return not self._names

    def taken(self, body: bytes, ends: int) -> str:
        if self._prefixed or body[ends : ends + 2] != b"</":
            return "".join(self._pieces)
        return body[self._begins : body.index(b">", ends) + 1].decode()


def _local(key: str) -> str:
    """An attribute's name; one of a foreign namespace keeps it, so that validation refuses it by that name."""
    space, _, rest = key.partition(" ")
    if not rest:
        return key
    name = rest.split(" ")[0]
    return f"xml:{name}" if space == _XML else f"{{{space}}}{name}"


def embedded(div: str) -> str | None:
    """The narrative as elements of an XML document; None when its text is not well-formed XML."""
    div = div.strip()
    root = _root_of(div)
    if root is None and "]]>" in div:  # JSON may say it in a text, XML may not
        div = div.replace("]]>", "]]&gt;")
        root = _root_of(div)
    if root == "div" and div.startswith("<div"):
        return f'<div xmlns="{XHTML}"{div[4:]}'
    return div if root == f"{XHTML} div" else None


def _root_of(div: str) -> str | None:
    """The name of the one element that the text is."""
    parser = expat.ParserCreate("utf-8", " ")
    names: list[str] = []

    def start(name: str, _: dict[str, str]) -> None:
        if not names:
            names.append(name)

    def refuse(*_: object) -> None:
        raise _NotPlain

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = parser.XmlDeclHandler = parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, _NotPlain, UnicodeEncodeError):
        return None
    return names[0]


class _NotPlain(Exception):
    pass
