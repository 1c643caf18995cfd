"""The citizen card on paper: 85.6 × 54 mm (ISO/IEC 7810 ID-1), two pages for a card printer or A4 to cut and fold.

It shows name, code, QR and Code 128: enough to find the record, nothing about health, no state number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from hoso.core import citizen_code
from hoso.core.printing import BOLD, INK, LINE, MUTED, PLAIN, TEAL, draw_qr, draw_stamp, fonts

WIDTH, HEIGHT = 85.6 * mm, 54 * mm
PER_SHEET = 5

_EDGE = 4 * mm
_BAND = 9 * mm
_QR = 29 * mm
_BAR = 0.33 * mm
"""The narrowest bar of the Code 128; cheap scanners resolve 0.25 mm."""

_BACK = (
    ("Đưa thẻ này cho nhân viên mỗi lần đi khám, tiêm chủng hoặc mua thuốc.",
     "Show this card at every visit, vaccination and when buying medicine."),
    ("Thẻ chỉ giúp tìm đúng hồ sơ, không ghi thông tin bệnh.",
     "It only helps to find the right record and holds nothing about health."),
    ("Mất thẻ: báo trạm y tế để in lại. Mã không đổi suốt đời.",
     "Lost? Ask your health station for a new one. The code stays for life."),
    ("Không thay cho giấy tờ tùy thân.",
     "Not an identity document."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Face:
    """What one card shows. Without a name a line is left to write it on; `qr` is what its QR says."""

    code: str
    qr: str
    name: str = ""
    born: str = ""


def card_pdf(faces: Sequence[Face]) -> bytes:
    """Every card on two pages of its own size: front, back."""
    canvas, out = _canvas((WIDTH, HEIGHT))
    for face in faces:
        _front(canvas, face)
        draw_stamp(canvas, WIDTH, HEIGHT)
        canvas.showPage()
        _back(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def sheet_pdf(faces: Sequence[Face]) -> bytes:
    """Five cards on an A4 page, front beside back: cut along the marks, fold in the middle."""
    canvas, out = _canvas(A4)
    left, top = (A4[0] - 2 * WIDTH) / 2, A4[1] - (A4[1] - PER_SHEET * HEIGHT) / 2
    for start in range(0, len(faces), PER_SHEET):
        some = faces[start : start + PER_SHEET]
        for row, face in enumerate(some):
            canvas.saveState()
            canvas.translate(left, top - (row + 1) * HEIGHT)
            _outline(canvas)
            _front(canvas, face)
            canvas.translate(WIDTH, 0)
            _outline(canvas)
            _back(canvas)
            canvas.restoreState()
        _marks(canvas, left, top, len(some))
        draw_stamp(canvas, *A4)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _canvas(size: tuple[float, float]) -> tuple[Canvas, BytesIO]:
    fonts()
    out = BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1, pageCompression=1, lang="vi")
    canvas.setTitle("Thẻ mã người dân · Citizen card")
    canvas.setCreator("HoSo")
    return canvas, out


def _outline(canvas: Canvas) -> None:
    canvas.setLineWidth(0.2)
    canvas.setStrokeColor(LINE)
    canvas.rect(0, 0, WIDTH, HEIGHT)


def _marks(canvas: Canvas, left: float, top: float, rows: int) -> None:
    """Ticks outside the cards: solid where to cut, dashed where to fold."""
    canvas.setLineWidth(0.4)
    canvas.setStrokeColor(black)
    bottom, right = top - rows * HEIGHT, left + 2 * WIDTH
    near, far = 1.5 * mm, 6.5 * mm
    for row in range(rows + 1):
        y = top - row * HEIGHT
        canvas.line(left - far, y, left - near, y)
        canvas.line(right + near, y, right + far, y)
    for x in (left, right):
        canvas.line(x, top + near, x, top + far)
        canvas.line(x, bottom - near, x, bottom - far)
    canvas.setDash(1.2 * mm, 0.8 * mm)
    for first, second in ((top + near, top + far), (bottom - near, bottom - far)):
        canvas.line(left + WIDTH, first, left + WIDTH, second)
    canvas.setDash()
    canvas.setFillColor(MUTED)
    canvas.setFont(PLAIN, 6.5)
    canvas.drawString(left + WIDTH + 2 * mm, top + 3 * mm, "gấp theo nét đứt · fold here")
    canvas.drawRightString(right - 2 * mm, top + 3 * mm, "cắt theo vạch · cut along the ticks")


def _front(canvas: Canvas, face: Face) -> None:
    canvas.setFillColor(TEAL)
    canvas.rect(0, HEIGHT - _BAND, WIDTH, _BAND, stroke=0, fill=1)
    canvas.setFillColor(white)
    _line(canvas, _EDGE, HEIGHT - 6 * mm, BOLD, 11, "THẺ MÃ NGƯỜI DÂN")
    canvas.setFont(PLAIN, 7.5)
    canvas.drawRightString(WIDTH - _EDGE, HEIGHT - 5.8 * mm, "Citizen card · HoSo")

    text_width = WIDTH - 2 * _EDGE - _QR - 1 * mm
    y = HEIGHT - _BAND - 4.2 * mm
    _label(canvas, y, "Họ và tên · Name")
    if face.name:
        y = _name(canvas, y, face.name, text_width)
    else:
        y -= 7 * mm
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(_EDGE, y, _EDGE + text_width, y)
    if face.born:
        y -= 4.4 * mm
        _label(canvas, y, "Năm sinh · Year of birth")
        canvas.setFillColor(INK)
        _line(canvas, _EDGE + 30 * mm, y, BOLD, 9, face.born)

    _label(canvas, 23.6 * mm, "Mã người dân · Citizen code")
    canvas.setFillColor(INK)
    _fitted(canvas, 18.2 * mm, BOLD, 14, citizen_code.show(face.code).replace(" ", "  "), text_width)

    draw_qr(canvas, face.qr, WIDTH - _QR - 1.4 * mm, HEIGHT - _BAND - _QR - 0.8 * mm, _QR)
    bars = Code128(face.code, barWidth=_BAR, barHeight=9 * mm, quiet=False, humanReadable=False)
    bars.drawOn(canvas, _EDGE, 6.5 * mm)
    canvas.setFillColor(MUTED)
    _line(canvas, _EDGE, 2.8 * mm, PLAIN, 6.5, "Quét mã để mở đúng hồ sơ · Scan to find the record")


def _back(canvas: Canvas) -> None:
    y = HEIGHT - 7 * mm
    for vietnamese, english in _BACK:
        canvas.setFillColor(INK)
        for part in _wrapped(vietnamese, BOLD, 7.5):
            _line(canvas, _EDGE, y, BOLD, 7.5, part)
            y -= 3.5 * mm
        canvas.setFillColor(MUTED)
        for part in _wrapped(english, PLAIN, 6.5):
            _line(canvas, _EDGE, y, PLAIN, 6.5, part)
            y -= 3.1 * mm
        y -= 1.9 * mm


def _label(canvas: Canvas, y: float, text: str) -> None:
    canvas.setFillColor(MUTED)
    _line(canvas, _EDGE, y, PLAIN, 6.5, text)


def _line(canvas: Canvas, x: float, y: float, font: str, size: float, text: str) -> None:
    canvas.setFont(font, size)
    canvas.drawString(x, y, text)


def _name(canvas: Canvas, y: float, name: str, width: float) -> float:
    """On one line as large as it fits, else on two; answers where it ended."""
    canvas.setFillColor(INK)
    size = next((s for s in (12, 11, 10, 9) if pdfmetrics.stringWidth(name, BOLD, s) <= width), None)
    if size is not None:
        _line(canvas, _EDGE, y - 5 * mm, BOLD, size, name)
        return y - 5 * mm
    first, second = _halves(name)
    _fitted(canvas, y - 4.4 * mm, BOLD, 10, first, width)
    _fitted(canvas, y - 8.4 * mm, BOLD, 10, second, width)
    return y - 8.4 * mm


def _halves(name: str) -> tuple[str, str]:
    """At the space that makes the longer half shortest."""
    words = name.split(" ")
    places = range(1, len(words))
    cuts = [(" ".join(words[:at]), " ".join(words[at:])) for at in places] or [(name, "")]
    return min(cuts, key=lambda cut: max(len(part) for part in cut))


def _fitted(canvas: Canvas, y: float, font: str, size: float, text: str, width: float) -> None:
    """Smaller when it must be: a long name is whole on the card, not cut."""
    wide = pdfmetrics.stringWidth(text, font, size)
    _line(canvas, _EDGE, y, font, size if wide <= width else size * width / wide, text)


def _wrapped(text: str, font: str, size: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if pdfmetrics.stringWidth(longer, font, size) <= WIDTH - 2 * _EDGE:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
