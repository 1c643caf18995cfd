"""A QR code as a picture in the page: an SVG of squares, with nothing for a browser to fetch."""

from __future__ import annotations

from markupsafe import Markup
from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel

_QUIET = 4


def svg(text: str) -> Markup:
    code = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()  # type: ignore[no-untyped-call]
    places = ((row, column) for row in range(size) for column in range(size))
    dark = "".join(
        f"M{column + _QUIET} {row + _QUIET}h1v1h-1z"
        for row, column in places
        if code.isDark(row, column)  # type: ignore[no-untyped-call]
    )
    whole = size + 2 * _QUIET
    return Markup(  # noqa: S704  (numbers of ours)
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{whole}v{whole}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )
