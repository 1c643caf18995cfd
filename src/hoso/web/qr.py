"""A QR code as a picture in the page: an SVG of squares, with nothing for a browser to fetch."""

from __future__ import annotations

from itertools import groupby

from markupsafe import Markup
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

_QUIET = 4


def svg(text: str, *, tight: bool = False) -> Markup:
    """`tight`: less of it may be damaged, for a long text that is read off a screen."""
    code = QRCode(None, QRErrorCorrectLevel.L if tight else QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()  # type: ignore[no-untyped-call]
    dark = "".join(_row([bool(code.isDark(row, column)) for column in range(size)], row) for row in range(size))  # type: ignore[no-untyped-call]
    whole = size + 2 * _QUIET
    return Markup(  # noqa: S704  (numbers of ours)
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{whole}v{whole}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )


def _row(dark: list[bool], row: int) -> str:
    """Squares side by side as one rectangle."""
    drawn, column = "", 0
    for is_dark, run in groupby(dark):
        length = len(list(run))
        if is_dark:
            drawn += f"M{column + _QUIET} {row + _QUIET}h{length}v1h-{length}z"
        column += length
    return drawn
