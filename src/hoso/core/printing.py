"""What every sheet HoSo prints shares: fonts that have all letters of Vietnamese, colours, and a QR drawn on a page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel
from reportlab.lib.colors import HexColor, black
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

PLAIN, BOLD = "BeVietnamPro-Regular", "BeVietnamPro-Bold"
TEAL, INK, MUTED, LINE = HexColor("#0b5d7a"), HexColor("#1b2733"), HexColor("#51606f"), HexColor("#8b99a7")
_QUIET = 4


@cache
def fonts() -> None:
    """Before the first sheet of a process."""
    for name in (PLAIN, BOLD):
        file = files("fontpkg_be_vietnam_pro").joinpath("files", f"{name}.ttf")
        pdfmetrics.registerFont(TTFont(name, BytesIO(file.read_bytes())))
        addMapping(name, 0, 0, name)


_stamped: list[str] = []


def stamp(words: list[str]) -> None:
    """What stands across every sheet of this process from now on: on a node of practice, that it is one."""
    _stamped[:] = words


def draw_stamp(canvas: Canvas, width: float, height: float) -> None:
    """Across a page, before it is shown; nothing where nothing was stamped."""
    for words in _stamped:
        canvas.saveState()
        canvas.setFillColor(MUTED, alpha=0.25)
        canvas.translate(width / 2, height / 2)
        canvas.rotate(30 if width > height else 50)
        canvas.setFont(BOLD, min(width, height) / 9)
        canvas.drawCentredString(0, 0, words)
        canvas.restoreState()


def draw_qr(canvas: Canvas, text: str, x: float, y: float, width: float) -> None:
    """A square of that width with its quiet zone, a row of modules at a time."""
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    side = width / (len(code.modules) + 2 * _QUIET)
    canvas.setFillColor(black)
    path = canvas.beginPath()
    for row, modules in enumerate(code.modules):
        at = 0
        for dark, run in groupby(modules, bool):
            length = len(list(run))
            if dark:
                top = y + width - (row + _QUIET + 1) * side
                path.rect(x + (at + _QUIET) * side, top, length * side, side)
            at += length
    canvas.drawPath(path, stroke=0, fill=1)
