"""Writes small packages KHAMSUCKHOE and sheets for tests."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from hoso.exchange.health_checks.definitions import listed

Cells = Mapping[str, str]

PUPIL: Cells = {
    "HO_TEN": "NGUYỄN VĂN AN",
    "NGAY_SINH": "201505120000",
    "SO_CCCD": "001215012345",
    "GIOI_TINH": "1",
    "MA_DAN_TOC": "01",
    "DIA_CHI": "Thôn 2, xã Ba Vì, Hà Nội",
    "MATINH_CU_TRU": "01",
    "MAXA_CU_TRU": "09661",
    "LY_DO_VV": "Khám đầu năm học",
    "MA_NGHE_NGHIEP": "00",
    "NOI_LAM_VIEC_HOC_TAP": "Tiểu học Ba Vì - 5A",
    "NGUOI_GIAM_HO": "Trần Thị Bình",
    "SO_CCCD_NGH": "001185054321",
    "DIEN_THOAI_NGH": "0987654321",
    "MA_CSKCB": "01234",
    "MA_GTIN_CSKCB": "8930000000006",
    "MA_LK": "K1",
    "DOI_TUONG": "11",
    "NGUON_CHI_TRA": "2",
    "MA_LOAI_KCB": "15",
    "NGAY_VAO": "202609150830",
    "TYPE": "Minor",
    "KHONG_KINH_MAT_PHAI": "7/10",
    "NHI_KHOA_TUAN_HOAN": "Bình thường",
    "TSGD_MAC_BENH": "1",
    "TSGD_MA_BENH": "I10;E11.9",
    "TSBT_MAC_BENH": "0",
    "TIEM_CHUNG_BCG": "1",
    "TIEM_CHUNG_SOI": "99",
    "TIEM_CHUNG_VGB": "0",
    "CHIEU_CAO": "138.5",
    "CAN_NANG": "32",
    "HUYET_AP": "100/60",
    "KHAM_THE_LUC_PL": "2",
    "KET_LUAN_BENH": "H52.1",
    "PHAN_LOAI_SK": "2",
}


def sections(cells: Cells, results: Sequence[Cells] = ()) -> dict[str, str]:
    """The inner documents by section; results each in an element of its own."""
    form = cells.get("TYPE", "Adult")
    found: dict[str, tuple[str, list[str]]] = {}
    for name, text in cells.items():
        one = next((one for one in listed() if one.name == name and form in one.forms), None)
        key = (one.section, one.title) if one else ("XML2", "THONG_TIN_CHUNG_VE_LAN_KHAM")
        found.setdefault(key[0], (key[1], []))[1].append(f"<{name}>{escape(text)}</{name}>")
    if results:
        rows = ["".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) for row in results]
        found["XML11"] = ("KHAM_CAN_LAM_SANG", [f"<CHI_TIET>{row}</CHI_TIET>" for row in rows])
    return {section: f"<{title}>{''.join(inner)}</{title}>" for section, (title, inner) in found.items()}


def dossier(cells: Cells, results: Sequence[Cells] = (), *, plain: bool = False) -> str:
    files = []
    for section, inner in sections(cells, results).items():
        content = inner if plain else base64.b64encode(inner.encode()).decode()
        files.append(f"<FILEHOSO><LOAIHOSO>{section}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>")
    return f"<HOSO>{''.join(files)}</HOSO>"


def package(*dossiers: str, signature: str = "<CHUKYDONVI/>") -> bytes:
    return (
        "<KHAMSUCKHOE><THONGTINDONVI><MACSKCB>01234</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>20260916</NGAYLAP>"
        f"<SOLUONGHOSO>{len(dossiers)}</SOLUONGHOSO><DANHSACHHOSO>{''.join(dossiers)}</DANHSACHHOSO></THONGTINHOSO>"
        f"{signature}</KHAMSUCKHOE>"
    ).encode()


def sheet(*rows: Cells, titles: bool = True) -> bytes:
    """A CSV: words above, the keys in the second row."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    if titles:
        words = {one.name: one.vi for one in listed()}
        writer.writerow({name: words.get(name, name) for name in names})
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
