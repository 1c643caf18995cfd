"""A printed card is what a stranger's scanner reads: the page becomes a picture, and another library decodes it."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter
from reportlab.pdfbase.ttfonts import TTFont

from hoso.core import citizen_code
from hoso.identity.code import Card
from hoso.identity.code.card import USE, message, text, verify_card
from hoso.identity.code.paper import BOLD, PLAIN, Face, card_pdf, sheet_pdf
from hoso.identity.code.signing import Signer, key_id

SIGNER = Signer(b"s" * 32)
NAMES = ["Nguyễn Thị Hạnh", "", "Tôn Nữ Thị Ngọc Quỳnh Trâm Ưỡng", "Y", "Trần" * 20, "Đặng Ấu Ỷ", "A " * 60]
VIETNAMESE = "ăâđêôơưĂÂĐÊÔƠƯÀÁÃÈÉÌÍĨÒÓÕÙÚŨÝàáãèéìíĩòóõùúũý" + "".join(map(chr, range(0x1EA0, 0x1EFA)))


def face(number: int, name: str = "", born: str = "1967") -> Face:
    card = Card(citizen_code.make(number * 987_654_321 % 10**10), key_id(SIGNER.public), "NTH", born)
    return Face(card.code, text(card, SIGNER.sign(USE, message(card))), name, born)


def pictures(pdf: bytes, dpi: int) -> list[Image.Image]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=dpi / 72).to_pil() for page in document]


def words(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def scanned(picture: Image.Image) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in zxingcpp.read_barcodes(picture):
        found.setdefault(one.format.name, []).append(one.text)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_both_codes_of_a_card_are_scanned_whatever_the_name(name: str) -> None:
    made = face(7, name)
    front, back = pictures(card_pdf([made]), 200)
    found = scanned(front)
    assert found["Code128"] == [made.code]
    (qr,) = found["QRCode"]
    assert verify_card(qr, [SIGNER.public]).code == made.code
    assert scanned(back) == {}


def test_a_blurred_tilted_black_and_white_copy_is_scanned_too() -> None:
    made = face(8, "Lê Ý")
    (front, _) = pictures(card_pdf([made]), 200)
    copy = front.convert("L").rotate(4, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1.2))
    found = scanned(copy)
    assert (found["Code128"], found["QRCode"]) == ([made.code], [made.qr])


@pytest.mark.parametrize(("number", "pages"), [(1, 1), (5, 1), (6, 2), (11, 3)])
def test_a_sheet_holds_five_cards_and_all_are_scanned(number: int, pages: int) -> None:
    faces = [face(n, "Nguyễn Văn An") for n in range(1, number + 1)]
    shown = pictures(sheet_pdf(faces), 150)
    assert len(shown) == pages
    assert shown[0].size == pytest.approx((1240, 1754), abs=1)
    codes = [code for page in shown for code in scanned(page)["Code128"]]
    assert sorted(codes) == sorted(one.code for one in faces)
    assert sorted(qr for page in shown for qr in scanned(page)["QRCode"]) == sorted(one.qr for one in faces)


def test_a_card_has_the_size_of_a_bank_card_and_a_back() -> None:
    with pypdfium2.PdfDocument(card_pdf([face(1), face(2)])) as document:
        sizes = [page.get_size() for page in document]
    assert len(sizes) == 4
    assert all(size == pytest.approx((85.6 / 25.4 * 72, 54 / 25.4 * 72), abs=0.01) for size in sizes)


def test_the_text_is_vietnamese_and_english_and_can_be_copied() -> None:
    front, back = words(card_pdf([face(3, "Đặng Thị Ngọc Ưỡng")]))
    assert "Đặng Thị Ngọc Ưỡng" in front and "THẺ MÃ NGƯỜI DÂN" in front and "1967" in front
    assert "Mã người dân · Citizen code" in front and "Họ và tên · Name" in front
    assert "giấy tờ tùy thân" in back and "Not an identity document" in back
    code = citizen_code.show(face(3).code)
    assert code in " ".join(front.split())


def test_the_font_has_every_vietnamese_letter_and_may_be_embedded() -> None:
    for name in (PLAIN, BOLD):
        font = TTFont("check", BytesIO(files("fontpkg_be_vietnam_pro").joinpath("files", f"{name}.ttf").read_bytes()))
        assert [letter for letter in VIETNAMESE if ord(letter) not in font.face.charToGlyph] == []
    assert "Open Font License" in files("fontpkg_be_vietnam_pro").joinpath("LICENSE").read_text("utf-8")


def test_the_same_card_is_the_same_file() -> None:
    assert card_pdf([face(4, "Lê Ý")]) == card_pdf([face(4, "Lê Ý")])
