"""How a sheet of the record looks: A4, headings that are bookmarks, lines and small tables, and a foot on every page.

Texts come as they are and are escaped here. Titles are cut at TITLE letters; whatever else is long goes on overleaf.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table

from hoso.core.printing import BOLD, INK, LINE, MUTED, PLAIN, TEAL, draw_qr, draw_stamp, fonts

MARGIN = 16 * mm
FOOT = 14 * mm
QR = 30 * mm
WIDTH = A4[0] - 2 * MARGIN
WARN = HexColor("#a4161a")
TITLE, CELL = 300, 400
"""Letters of a title, and of a text that may stand in a table."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_BODY = ParagraphStyle("body", fontName=PLAIN, fontSize=9.5, leading=13, textColor=INK, splitLongWords=1)
_FINE = ParagraphStyle("fine", parent=_BODY, fontSize=8, leading=11, textColor=MUTED)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=8.5, leading=11)
_ITEM = ParagraphStyle("item", parent=_BODY, spaceBefore=5, keepWithNext=1)
_STYLES = {
    0: ParagraphStyle("title", parent=_BODY, fontName=BOLD, fontSize=17, leading=22, textColor=TEAL),
    1: ParagraphStyle("section", parent=_BODY, fontName=BOLD, fontSize=12, leading=16, textColor=TEAL, spaceBefore=9,
                      spaceAfter=2, keepWithNext=1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands under every page: whose it is, and who printed it when."""

    whose: str
    printed: str
    page: str
    """With `{n}` and `{all}`."""


fonts()  # a paragraph measures its words as soon as it is made


def heading(text: str, level: int = 1) -> Flowable:
    """A line that is a bookmark, too."""
    made = Paragraph(safe(_title(text)), _STYLES[level])
    made.mark = (_title(text), level)  # type: ignore[attr-defined]
    return made


def line(text: str, strong: str = "", *, warns: bool = False) -> Flowable:
    """One fact: its name in bold, then what there is to say of it."""
    bold = f'<font name="{BOLD}"{_colour(warns)}>{safe(strong)}</font> ' if strong else ""
    return Paragraph(bold + safe(text), _BODY)


def fine(text: str) -> Flowable:
    return Paragraph(safe(text), _FINE)


def item(day: str, title: str, place: str) -> Flowable:
    """The head of one thing that happened."""
    day, title, place = (safe(_title(text)) for text in (day, title, place))
    name = f'<font name="{BOLD}">{day}</font>  <font name="{BOLD}" color="{TEAL.hexval()}">{title}</font>'
    return Paragraph(f"{name}  {place}", _ITEM)


def rows(lines: Sequence[tuple[str, str, str]]) -> list[Flowable]:
    """What, how much, and what is usual: a table of what is short, and lines of the rest behind it."""
    short = [row for row in lines if max(map(len, row)) <= CELL and "\n" not in row[1]]
    return [
        *([_table(short)] if short else []),
        *(line(f"{row[1]} {row[2]}", row[0]) for row in lines if row not in short),
    ]


def _table(lines: Sequence[tuple[str, str, str]]) -> Flowable:
    cells = [[Paragraph(safe(cell), _CELL) for cell in row] for row in lines]
    widths = (WIDTH * 0.42, WIDTH * 0.36, WIDTH * 0.22)
    table = Table(cells, colWidths=widths, hAlign="LEFT")
    table.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -2), 0.25, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
        ("LEFTPADDING", (0, 0), (-1, -1), 3),
    ])  # fmt: skip
    return table


def head(title: str, lines: Sequence[tuple[str, str]], qr: str) -> list[Flowable]:
    """The top of the first page: the title, who it is (lines with their names), and the QR that finds the record."""
    told = [line(_title(text), _title(strong)) for text, strong in lines]
    beside = Table([[told, QrPicture(qr, QR) if qr else ""]], colWidths=(WIDTH - QR, QR))
    beside.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    return [heading(title, 0), Spacer(0, 2 * mm), beside]


def pdf(title: str, language: str, story: list[Flowable], foot: Foot) -> bytes:
    """The same story gives the same bytes."""
    out = BytesIO()
    document = _Document(out, title, language)

    class Numbered(_Numbered):
        under = foot

    document.build(story, canvasmaker=Numbered)
    return out.getvalue()


def _title(text: str) -> str:
    return text[:TITLE].replace("\n", " ")


def safe(text: str) -> str:
    return escape(_UNPRINTABLE.sub(" ", text)).replace("\n", "<br/>")


def _colour(warns: bool) -> str:
    return f' color="{WARN.hexval()}"' if warns else ""


class QrPicture(Flowable):
    def __init__(self, text: str, size: float) -> None:
        super().__init__()
        self._text, self.width, self.height = text, size, size

    def draw(self) -> None:
        draw_qr(self.canv, self._text, 0, 0, self.width)


class _Document(BaseDocTemplate):
    def __init__(self, out: BytesIO, title: str, language: str) -> None:
        super().__init__(out, pagesize=A4, title=title, creator="HoSo", author="HoSo", invariant=1, lang=language)
        frame = Frame(MARGIN, FOOT + 4 * mm, WIDTH, A4[1] - MARGIN - FOOT - 4 * mm, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate("page", [frame]))
        self._marks = 0

    def afterFlowable(self, flowable: Flowable) -> None:
        if (mark := getattr(flowable, "mark", None)) is not None:
            self._marks += 1
            self.canv.bookmarkPage(f"h{self._marks}")
            self.canv.addOutlineEntry(mark[0], f"h{self._marks}", mark[1], closed=False)


class _Numbered(Canvas):
    """Feet are drawn when it is known how many pages there are."""

    under: Foot

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            draw_stamp(self, *A4)
            self._foot(self.under.page.format(n=number, all=len(self._pages)))
            Canvas.showPage(self)
        Canvas.save(self)

    def _foot(self, page: str) -> None:
        self.setStrokeColor(LINE)
        self.setLineWidth(0.4)
        self.line(MARGIN, FOOT, A4[0] - MARGIN, FOOT)
        self.setFillColor(MUTED)
        self.setFont(PLAIN, 7.5)
        self.drawString(MARGIN, FOOT - 4 * mm, _UNPRINTABLE.sub(" ", self.under.whose)[:90])
        self.drawRightString(A4[0] - MARGIN, FOOT - 4 * mm, page)
        self.drawString(MARGIN, FOOT - 7.5 * mm, _UNPRINTABLE.sub(" ", self.under.printed)[:140])
