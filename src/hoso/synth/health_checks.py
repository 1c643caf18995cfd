"""Health checks of synthetic citizens as schools, agencies and facilities send them: all three forms, with faults.

Beside every check stands the truth: whose it is, which form, what is wrong with it, and what should become of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from hoso.core import fold
from hoso.synth.checks import EMPLOYED
from hoso.synth.population import Citizen
from hoso.synth.record import Resource
from hoso.synth.tables import settings

Cells = dict[str, str]

FAULTS = ("no-name", "impossible-day", "bare", "lost-zeros", "guardian-number", "no-number", "odd-words")
FAULTY = 0.2
"""Checks with a fault."""
REFUSED = frozenset({"no-name", "impossible-day"})
UNKNOWN = 1 / 7
"""Of the people checked, those whom the node does not know before."""
_OF_ADULTS = frozenset({"XML9", "XML10", "XML12"})
_OF_CHILDREN = frozenset({"XML3", "XML4", "XML5", "XML6", "XML8"})


class Check(NamedTuple):
    """`kind`: "class", "work" or "package", in which file it goes; `group` the class, workplace or facility."""

    cells: Cells
    kind: str
    group: str
    facility: str
    truth: Resource


def checks(household: list[Citizen], seed: int, today: date) -> Iterator[tuple[Citizen, Check]]:
    """Of everybody in a household who is checked, with whose guardian stands for the children."""
    guardians = [one for one in household if one.truth["role"] in ("wife", "head") and not one.truth["died"]]
    for citizen in household:
        rng = Random(f"{seed}/health-check/{citizen.truth['number']}")
        facility = _facility(citizen.bundle)
        if citizen.truth["died"] or not facility or not _is_checked(citizen, today):
            continue
        guardian = next((one for one in guardians if one is not citizen), None)
        yield citizen, _check(citizen, guardian, facility, rng, today)


def _is_checked(citizen: Citizen, today: date) -> bool:
    age = _age(citizen, today)
    return age < 18 or age >= 60 or citizen.truth["occupation"] in EMPLOYED


def _age(citizen: Citizen, today: date) -> int:
    born = date.fromisoformat(citizen.truth["birthDate"])
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _facility(bundle: Resource) -> str:
    """Where they were last."""
    numbers = [
        one["system"].split("/")[-2]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Encounter"
        for one in entry["resource"].get("identifier", ())
        if one["system"].endswith("/visit")
    ]
    return numbers[-1] if numbers else ""


def _check(citizen: Citizen, guardian: Citizen | None, facility: str, rng: Random, today: date) -> Check:
    truth, age = citizen.truth, _age(citizen, today)
    day = today - timedelta(days=rng.randrange(1, 60))
    form = "ChildUnder" if age < 6 else "Minor" if age < 18 else "Adult"
    is_known = rng.random() >= UNKNOWN
    cells = _person(citizen, guardian, form, age) | _visit(facility, form, day, truth["number"], rng)
    cells |= _findings(_measured(citizen.bundle), form, rng)
    fault = rng.choice(FAULTS) if rng.random() < FAULTY else ""
    fault = _spoil(cells, fault, guardian) if fault else ""
    kind = "class" if form == "Minor" else "work" if truth["occupation"] in EMPLOYED and form == "Adult" else "package"
    group = cells["NOI_LAM_VIEC_HOC_TAP"] if kind != "package" else facility
    expected = "refused" if fault in REFUSED else "linked" if is_known else "new"
    told = {"citizen": truth["number"], "patient": truth["patient"] if is_known else None, "form": form, "fault": fault}
    return Check(cells, kind, group, facility, {**told, "expected": expected})


def _person(citizen: Citizen, guardian: Citizen | None, form: str, age: int) -> Cells:
    truth = citizen.truth
    patient = citizen.bundle["entry"][0]["resource"]
    written = str(patient["birthDate"])
    cells = {
        "HO_TEN": str(truth["name"]).upper(),
        "NGAY_SINH": written.replace("-", "").ljust(8, "0") + "0000",
        "SO_CCCD": truth["personalNumber"] or "",
        "GIOI_TINH": "1" if truth["sex"] == "male" else "2",
        "MA_DAN_TOC": truth["ethnicGroup"],
        "DIA_CHI": str(patient["address"][0]["text"]),
        "MATINH_CU_TRU": truth["province"],
        "MAXA_CU_TRU": truth["commune"],
        "DIEN_THOAI": truth["phone"] or "",
        "LY_DO_VV": "Khám sức khỏe định kỳ",
        "MA_NGHE_NGHIEP": "00" if age < 18 else "90",
        "NOI_LAM_VIEC_HOC_TAP": _place(truth, age),
    }
    if guardian is None or form == "Adult":
        return cells
    told = guardian.truth
    if form == "Minor":
        return cells | {
            "NGUOI_GIAM_HO": told["name"],
            "SO_CCCD_NGH": told["personalNumber"] or "",
            "DIEN_THOAI_NGH": told["phone"] or "",
        }
    return cells | {
        "HO_TEN_NGUOI_DI_CUNG": told["name"],
        "SO_CCCD_NGUOI_DI_CUNG": told["personalNumber"] or "",
        "MOI_QUAN_HE_VOI_TRE": "2" if told["sex"] == "female" else "1",
        "DIEN_THOAI_NGUOI_DI_CUNG": told["phone"] or "",
    }


def _place(truth: Resource, age: int) -> str:
    if age < 6:
        return f"Trường mầm non {truth['commune']}"
    if age < 18:
        return f"Trường {truth['commune']} - lớp {max(1, age - 5)}A"
    return f"Công ty {truth['province']}" if truth["occupation"] in EMPLOYED else ""


def _visit(facility: str, form: str, day: date, number: int, rng: Random) -> Cells:
    subject = {"ChildUnder": "10", "Minor": "11", "Adult": "13"}[form]
    return {
        "MA_CSKCB": facility,
        "MA_GTIN_CSKCB": "",
        "MA_LK": f"KSK.{facility}.{day:%y%m%d}.{number:07d}",
        "DOI_TUONG": subject,
        "NGUON_CHI_TRA": rng.choice("245"),
        "MA_LOAI_KCB": "15",
        "NGAY_VAO": f"{day:%Y%m%d}{rng.randrange(7, 17):02d}{rng.randrange(60):02d}",
        "TYPE": form,
    }


def _measured(bundle: Resource) -> dict[str, Any]:
    """The last value of each measure, by code."""
    found: dict[str, Any] = {}
    for entry in bundle["entry"]:
        one = entry["resource"]
        if one["resourceType"] == "Observation" and "valueQuantity" in one:
            found[one["code"]["coding"][0]["code"]] = one["valueQuantity"]["value"]
        elif one["resourceType"] == "Observation" and one["code"]["coding"][0]["code"] == "85354-9":
            high, low = (part["valueQuantity"]["value"] for part in one["component"])
            found["85354-9"] = f"{high}/{low}"
    return found


def _findings(measured: dict[str, Any], form: str, rng: Random) -> Cells:
    weight, height = measured.get("29463-7", ""), measured.get("8302-2", "")
    pulse = str(rng.randrange(62, 110))
    if form == "ChildUnder":
        return {
            "NHIET_DO": f"36.{rng.randrange(3, 9)}", "MACH": pulse, "NHIP_THO": str(rng.randrange(22, 40)),
            "CHIEU_DAI": str(height), "CAN_NANG": str(weight), "DGDD_BINH_THUONG": "1",
            "PT_TTBT_THEO_DO_TUOI": "1", "PT_VDBT_THEO_DO_TUOI": "1", "TIEM_CHUNG_BCG_SS": "1",
            "TIEM_CHUNG_DAY_DU_THEO_DO_TUOI": rng.choice("01"), "TS_TIEP_XUC_LAO": "0", "BINH_THUONG": rng.choice("01"),
        }  # fmt: skip
    cells = {
        "CHIEU_CAO": str(height), "CAN_NANG": str(weight), "MACH": pulse, "HUYET_AP": measured.get("85354-9", "110/70"),
        "KHAM_THE_LUC_PL": rng.choice("123"), "KHONG_KINH_MAT_PHAI": f"{rng.randrange(4, 11)}/10",
        "KHONG_KINH_MAT_TRAI": f"{rng.randrange(4, 11)}/10", "PHAN_LOAI_SK": rng.choice("11222334"),
        "KET_LUAN_BENH": rng.choice(("", "", "K02", "H52.1", "I10" if form == "Adult" else "J30.4")),
        "TSGD_MAC_BENH": rng.choice("01"),
    }  # fmt: skip
    if form == "Minor":
        words = {"NHI_KHOA_TUAN_HOAN": "Bình thường", "TSBT_MAC_BENH": "0"}
        return cells | words | {"TIEM_CHUNG_BCG": "1", "TIEM_CHUNG_SOI": rng.choice(("0", "1", "99"))}
    words = {"NOI_KHOA_TUAN_HOAN": "Bình thường", "NOI_KHOA_TUAN_HOAN_PL": "1"}
    return cells | words | {"TSBT_TANG_HUYET_AP": rng.choice("0001"), "TSBT_DAI_THAO_DUONG": rng.choice("00001")}


def _spoil(cells: Cells, fault: str, guardian: Citizen | None) -> str:
    """What was really done: "" where the fault finds nothing to spoil, or would leave nothing to know them by."""
    number = cells["SO_CCCD"]
    match fault:
        case "no-name":
            cells["HO_TEN"] = ""
        case "impossible-day":
            cells["NGAY_VAO"] = cells["NGAY_VAO"][:4] + "02310830"
        case "bare" if number:
            cells["HO_TEN"] = fold(cells["HO_TEN"]).upper()
        case "lost-zeros" if number.startswith("0"):
            cells["SO_CCCD"] = number.lstrip("0")
        case "guardian-number" if guardian and guardian.truth["personalNumber"] and cells["TYPE"] != "Adult":
            cells["SO_CCCD"] = guardian.truth["personalNumber"]
        case "no-number" if len(cells["NGAY_SINH"].rstrip("0")) > 4:
            cells["SO_CCCD"] = ""
        case "odd-words" if "KHAM_THE_LUC_PL" in cells:
            cells["KHAM_THE_LUC_PL"] = "khá"
        case _:
            return ""
    return fault


def package(sent: Iterable[Check], facility: str, made: str) -> str:
    """The file of one facility."""
    dossiers = [_dossier(one.cells, number) for number, one in enumerate(sent)]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<KHAMSUCKHOE><THONGTINDONVI>'
        f"<MACSKCB>{facility}</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>{made}</NGAYLAP>"
        f"<SOLUONGHOSO>{len(dossiers)}</SOLUONGHOSO><DANHSACHHOSO>\n" + "\n".join(dossiers) + "\n</DANHSACHHOSO>"
        "</THONGTINHOSO><CHUKYDONVI/></KHAMSUCKHOE>\n"
    )


def _dossier(cells: Cells, number: int) -> str:
    """Every third has its sections plain, the others in base64."""
    files = []
    others = _OF_ADULTS if cells["TYPE"] == "ChildUnder" else _OF_CHILDREN
    for section, listed in settings("health_checks.toml").items():
        names = () if section in others else listed["keys"]
        inner = "".join(f"<{name}>{escape(cells[name])}</{name}>" for name in names if name in cells)
        if inner:
            text = f"<{listed['title']}>{inner}</{listed['title']}>"
            content = text if number % 3 == 0 else base64.b64encode(text.encode()).decode()
            files.append(f"<FILEHOSO><LOAIHOSO>{section}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>")
    return f"<HOSO>{''.join(files)}</HOSO>"
