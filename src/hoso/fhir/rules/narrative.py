"""The safe subset of XHTML that a Narrative's div may hold (R4: txt-1, txt-2); nothing in it can run or load a page.

Read as tokens, once, without an XML parser: a document type or an entity of its own has no way in.
"""

from __future__ import annotations

import re
from html import unescape

_TOKEN = re.compile(
    r"<(/?+)([A-Za-z][\w.:-]*+)((?:\s++[A-Za-z_][\w.:-]*+\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+)\s*+(/?+)>"
    r"|<!--(?:[^-]|-(?!-))*+-->"
    r"|[^<]++",
    re.ASCII,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.:-]*+)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)')", re.ASCII)
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_SCHEME = re.compile(r"([a-z][a-z0-9+.\-]*+):([a-z]*+)", re.I)
_IGNORED = re.compile(r"[\x00-\x20]")
_SAFE = frozenset({"http", "https", "mailto", "tel", "ftp", "urn"})

XHTML = "http://www.w3.org/1999/xhtml"
DEPTH_LIMIT = 100

_ELEMENTS = (
    "a abbr acronym address area b bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt "
    "em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li map ol p pre q s samp small span strike strong sub sup table "
    "tbody td tfoot th thead tr tt u ul var"
)
_ATTRIBUTES = (
    "abbr accesskey align alt axis background bgcolor border cellhalign cellpadding cellspacing cellvalign char "
    "charoff charset cite class clear color cols colspan compact coords dir face frame headers height href hreflang "
    "hspace id ismap lang longdesc name noshade nohref nowrap rel rev rows rowspan rules scope shape size span src "
    "start style summary tabindex title type usemap valign value vspace width xml:lang xmlns"
)
ELEMENTS = frozenset(_ELEMENTS.split())
"""Of HTML 4.0, chapters 7 to 11 and 15."""
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
_LOADS = re.compile(r"image-set|expression\s*\(|@|\\|/\*|behaviou?r\s*:|-moz-binding", re.I)
"""What in a style could load or run something, and what could hide it."""
_URL = re.compile(r"url\s*+\(([^)]*+)", re.I)
_OWN_IMAGE = re.compile(r"['\"]?+(?:data:image/(?:png|gif|jpeg)[;,]|(?!/)[^:\\]*+\Z)", re.I)
"""An image in the text itself, or a plain name beside the record, as HL7's own narratives have for lines of a tree."""
_LINKS = frozenset({"href", "src", "longdesc", "cite", "background"})
_CONTENT = frozenset({"img"})


def fault_in(div: str) -> tuple[str, str] | None:
    """(what, where) of the first thing not allowed: a message key and the piece of text; None when all is well."""
    open_tags: list[str] = []
    at, content, length = 0, False, len(div.rstrip())
    start = len(div) - len(div.lstrip())
    if not div.startswith("<div", start):
        return "validate.narrative-not-div", div[:60]
    at = start
    while at < length:
        match = _TOKEN.match(div, at)
        if match is None or (at > start and not open_tags):
            return "validate.narrative-malformed", div[at : at + 60]
        at = match.end()
        name = match.group(2)
        if name is None:
            piece = match.group()
            if not piece.startswith("<!--"):
                content = content or not piece.isspace()
                if "&" in piece and _AMPERSAND.search(piece):
                    return "validate.narrative-entity", piece[:60]
            continue
        fault = _tag(match, open_tags)
        if fault:
            return fault
        content = content or name in _CONTENT
    if open_tags:
        return "validate.narrative-malformed", f"<{open_tags[-1]}>"
    return None if content else ("validate.narrative-empty", "")


def _tag(match: re.Match[str], open_tags: list[str]) -> tuple[str, str] | None:
    closing, name, attributes, alone = match.groups()
    if closing:
        if not open_tags or open_tags.pop() != name or attributes or alone:
            return "validate.narrative-malformed", match.group()[:60]
        return None
    if name not in ELEMENTS:
        return "validate.narrative-element", name
    if not alone:
        open_tags.append(name)
        if len(open_tags) > DEPTH_LIMIT:
            return "validate.narrative-malformed", match.group()[:60]
    return _attributes(attributes, outermost=len(open_tags) == (0 if alone else 1)) if attributes else None


def _attributes(text: str, outermost: bool) -> tuple[str, str] | None:
    seen: set[str] = set()
    for name, double, single in _ATTRIBUTE.findall(text):
        value = double or single
        if name not in ATTRIBUTES or name in seen:
            return "validate.narrative-attribute", name
        seen.add(name)
        if name == "xmlns" and value != XHTML:
            return "validate.narrative-attribute", name
        if "&" in value and _AMPERSAND.search(value):
            return "validate.narrative-entity", value[:60]
        if name == "style" and _loads(unescape(value)):
            return "validate.narrative-link", value[:60]
        if name in _LINKS and not _harmless(name, value):
            return "validate.narrative-link", value[:60]
    return None


def _loads(style: str) -> bool:
    images = _URL.findall(style)
    return bool(_LOADS.search(style)) or any(not _OWN_IMAGE.match(_IGNORED.sub("", image)) for image in images)


def _harmless(name: str, value: str) -> bool:
    """No scheme, a known one, or an image inside the text; read as a browser reads it, escapes and gaps undone."""
    match = _SCHEME.match(_IGNORED.sub("", unescape(value)))
    if match is None:
        return True
    scheme, kind = match.group(1).lower(), match.group(2).lower()
    return scheme in _SAFE or (scheme == "data" and kind == "image" and name == "src")
