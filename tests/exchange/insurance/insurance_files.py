"""Writes small files of insurance XML for tests: an envelope, its visits, and their tables."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from hoso.exchange.insurance.definitions import tables

Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]

SIGNATURE = (
    '<CHUKYDONVI><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:Reference URI="">'
    "<ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue>"
    "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    "</ds:Signature></CHUKYDONVI>"
)

SUMMARY: Row = {
    "MA_LK": "LK001",
    "STT": "1",
    "MA_BN": "BN01",
    "HO_TEN": "Nguyễn Thị Hồng Ánh",
    "SO_CCCD": "001185012345",
    "NGAY_SINH": "198503120000",
    "GIOI_TINH": "2",
    "MA_QUOCTICH": "000",
    "MA_DANTOC": "01",
    "MA_NGHE_NGHIEP": "00000",
    "DIA_CHI": "12 Lò Đúc, Hà Nội",
    "MATINH_CU_TRU": "01",
    "MAHUYEN_CU_TRU": "007",
    "MAXA_CU_TRU": "00256",
    "MA_THE_BHYT": "GD4010123456789",
    "MA_DKBD": "01001",
    "GT_THE_TU": "20260101",
    "GT_THE_DEN": "20261231",
    "LY_DO_VV": "Ho, sốt",
    "CHAN_DOAN_VAO": "Viêm phổi",
    "CHAN_DOAN_RV": "Viêm phổi, tăng huyết áp",
    "MA_BENH_CHINH": "J18.9",
    "MA_BENH_KT": "I10;E11.9",
    "MA_DOITUONG_KCB": "1.1",
    "NGAY_VAO": "202607150830",
    "NGAY_RA": "202607181000",
    "SO_NGAY_DTRI": "3",
    "KET_QUA_DTRI": "2",
    "MA_LOAI_RV": "1",
    "T_THUOC": "10000.00",
    "T_VTYT": "0",
    "T_TONGCHI_BV": "150000.00",
    "T_TONGCHI_BH": "140000.00",
    "T_BNTT": "10000.00",
    "T_BNCCT": "28000.00",
    "T_BHTT": "112000.00",
    "T_NGUONKHAC": "0",
    "T_BHTT_GDV": "0",
    "NAM_QT": "2026",
    "THANG_QT": "07",
    "MA_LOAI_KCB": "03",
    "MA_KHOA": "K01;K03",
    "MA_CSKCB": "01001",
    "CAN_NANG": "54.50",
    "MA_HSBA": "BA0001",
}


def inner(table: str, rows: Sequence[Row]) -> str:
    """One inner document."""
    shape = tables()[table]
    body = "".join(
        f"<{shape.row}>" + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) + f"</{shape.row}>"
        for row in rows
    )
    for wrap in reversed(shape.wraps):
        body = f"<{wrap}>{body}</{wrap}>"
    return body


def filed(table: str, content: str | bytes, *, plain: bool = False) -> str:
    """One FILEHOSO."""
    if not plain:
        content = base64.b64encode(content.encode() if isinstance(content, str) else content).decode()
    return f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content!s}</NOIDUNGFILE></FILEHOSO>"


def visit(tables: Tables, *, plain: bool = False) -> str:
    """One HOSO."""
    files = "".join(filed(table, inner(table, rows), plain=plain) for table, rows in tables.items())
    return f"<HOSO>{files}</HOSO>"


def envelope(*visits: str, facility: str = "01001", signature: str = SIGNATURE) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>20260719</NGAYLAP>"
        f"<SOLUONGHOSO>{len(visits)}</SOLUONGHOSO><DANHSACHHOSO>{''.join(visits)}</DANHSACHHOSO></THONGTINHOSO>"
        f"{signature}</GIAMDINHHS>"
    ).encode()
