"""The little of Markdown that the manual is written in, as HTML: headings, paragraphs, lists, bold, code, pictures.

Anything else is a fault of the text and is refused, so that no mark is ever shown to a reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape

from hoso.core import fold

_INLINE = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
_PICTURE = re.compile(r"!\[([^\]]+)\]\(([a-z0-9-]+)\)\Z")
_FORBIDDEN = re.compile(r"^(?:#{3,}|>|\||```|<)|\]\(")
Picture = Callable[[str], str | None]
"""The address of a picture by its name; None when it was not taken."""


@dataclass(slots=True)
class Section:
    """A part below one heading; `anchor` leads to it. `text` is what is searched: plain, without marks."""

    title: str
    anchor: str
    html: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def sections(source: str, picture: Picture = lambda name: None) -> list[Section]:
    """The first is the chapter's own, with what stands before the next heading. Raises ValueError."""
    found: list[Section] = []
    for block in _blocks(source):
        if block.startswith("# ") or block.startswith("## "):
            title = block.lstrip("# ")
            found.append(Section(title, anchor(title)))
            continue
        if not found:
            raise ValueError("a chapter begins with its title")
        found[-1].html.append(_html(block, picture))
        found[-1].text.append(plain(block))
    return found


def anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")


def plain(block: str) -> str:
    lines = (re.sub(r"\A(?:\d+\. |- )", "", line) for line in block.splitlines())
    return " ".join(_INLINE.sub(lambda found: found[1] or found[2], _PICTURE.sub(r"\1", line)) for line in lines)


def _blocks(source: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", source.strip()):
        for line in block.splitlines():
            if _FORBIDDEN.search(line) and not _PICTURE.match(line):
                raise ValueError(f"the manual knows no such mark: {line}")
        yield block


def _html(block: str, picture: Picture) -> str:
    lines = block.splitlines()
    if found := _PICTURE.match(block):
        address = picture(found[2])
        text = escape(found[1])
        return f'<img class="shot" src="{address}" alt="{text}" loading="lazy">' if address else ""
    for mark, tag in ((r"\d+\. ", "ol"), (r"- ", "ul")):
        if all(re.match(mark, line) for line in lines):
            items = "".join(f"<li>{_inline(re.sub(mark, '', line, count=1))}</li>" for line in lines)
            return f'<{tag} class="{"steps" if tag == "ol" else "dots"}">{items}</{tag}>'
    return f"<p>{_inline(' '.join(lines))}</p>"


def _inline(text: str) -> str:
    made, end = [], 0
    for found in _INLINE.finditer(text):
        made.append(escape(text[end : found.start()]))
        tag, inner = ("b", found[1]) if found[1] else ("kbd", found[2])
        made.append(f"<{tag}>{escape(inner)}</{tag}>")
        end = found.end()
    return "".join([*made, escape(text[end:])])
