"""The visits of a synthetic citizen as hospitals' software would send them: insurance XML in its dialects, with faults.

Beside every visit stands the truth: whose it is, in which dialect, and what is wrong with it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, NamedTuple
from xml.sax.saxutils import escape
from zlib import crc32

from hoso.fhir import systems
from hoso.synth.record import Resource

FAULTS = ("no-patient-number", "bad-base64", "impossible-date", "lost-zeros", "unknown-code", "sent-twice")
FAULTY = 0.03
"""Visits with a fault."""
_SHAPES = {
    "XML1": ("TONG_HOP",),
    "XML2": ("CHITIEU_CHITIET_THUOC", "DSACH_CHI_TIET_THUOC", "CHI_TIET_THUOC"),
    "XML3": ("CHITIEU_CHITIET_DVKT_VTYT", "DSACH_CHI_TIET_DVKT", "CHI_TIET_DVKT"),
    "XML4": ("CHITIEU_CHITIET_DICHVUCANLAMSANG", "DSACH_CHI_TIET_CLS", "CHI_TIET_CLS"),
    "XML5": ("CHITIEU_CHITIET_DIENBIENLAMSANG", "DSACH_CHI_TIET_DIEN_BIEN_BENH", "CHI_TIET_DIEN_BIEN_BENH"),
}
_FIRST_130 = "20240701"
_OLD_NAMES = {
    "XML1": {
        "MA_THE_BHYT": "MA_THE",
        "CHAN_DOAN_RV": "TEN_BENH",
        "MA_BENH_CHINH": "MA_BENH",
        "MA_BENH_KT": "MA_BENHKHAC",
        "MA_LOAI_RV": "TINH_TRANG_RV",
    },
    "XML5": {"DIEN_BIEN_LS": "DIEN_BIEN", "THOI_DIEM_DBLS": "NGAY_YL"},
}
_NOT_IN_OLD = {
    "XML1": (
        "SO_CCCD",
        "MA_QUOCTICH",
        "MA_DANTOC",
        "MATINH_CU_TRU",
        "MAXA_CU_TRU",
        "LY_DO_VV",
        "CHAN_DOAN_VAO",
        "MA_HSBA",
    ),
    "XML4": ("DON_VI_DO",),
}
_SIGNS = {"8867-4": "M", "8310-5": "T", "9279-1": "NT", "2708-6": "SP"}

Row = dict[str, str]


class Sent(NamedTuple):
    """One HOSO as text, with the truth about it."""

    facility: str
    text: str
    truth: Resource


def visits(bundle: Resource, truth: Resource, rng: Random) -> Iterator[Sent]:
    """Every visit of a citizen's bundle; one that is sent twice comes a second time with another key."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    patients = {f"Patient/{one['id']}": one for one in resources if one["resourceType"] == "Patient"}
    for encounter in resources:
        if encounter["resourceType"] != "Encounter" or encounter["subject"]["reference"] not in patients:
            continue
        inside = [
            one for one in resources if one.get("encounter", {}).get("reference") == f"Encounter/{encounter['id']}"
        ]
        tables = _tables(patients[encounter["subject"]["reference"]], encounter, inside, truth)
        fault = rng.choice(FAULTS) if rng.random() < FAULTY else ""
        yield from _sent(tables, truth, fault, rng)


def envelope(sent: Iterable[Sent], facility: str, made: str) -> str:
    """The file of one facility."""
    hoso = [one.text for one in sent]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<GIAMDINHHS><THONGTINDONVI>'
        f"<MACSKCB>{facility}</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>{made}</NGAYLAP>"
        f"<SOLUONGHOSO>{len(hoso)}</SOLUONGHOSO><DANHSACHHOSO>\n" + "\n".join(hoso) + "\n</DANHSACHHOSO></THONGTINHOSO>"
        "<CHUKYDONVI/></GIAMDINHHS>\n"
    )


def _sent(tables: dict[str, list[Row]], truth: Resource, fault: str, rng: Random) -> Iterator[Sent]:
    summary = tables["XML1"][0]
    old = summary["NGAY_RA"] < _FIRST_130
    if fault == "no-patient-number":
        summary["MA_BN"] = ""
    elif fault == "impossible-date":
        summary["NGAY_TTOAN"] = "202602310830"
    elif fault == "lost-zeros" and "SO_CCCD" in summary:
        summary["SO_CCCD"] = summary["SO_CCCD"].lstrip("0")
    elif fault == "unknown-code":
        summary["MA_BENH_KT"] = "ZZ9.99"
    plain = rng.random() < 0.15
    told = {
        "citizen": truth["number"],
        "patient": truth["patient"],
        "key": summary["MA_LK"],
        "facility": summary["MA_CSKCB"],
        "dialect": f"{'4210' if old else '130'} {'plain' if plain else 'base64'}",
        "fault": fault,
    }
    yield Sent(summary["MA_CSKCB"], _hoso(tables, old, plain, fault), told)
    if fault == "sent-twice" and not old:
        again = {**summary, "MA_LK": f"{summary['MA_LK']}_2"}
        text = _hoso({**tables, "XML1": [again]}, old, plain, "")
        yield Sent(summary["MA_CSKCB"], text, {**told, "key": again["MA_LK"], "replaces": summary["MA_LK"]})


def _hoso(tables: dict[str, list[Row]], old: bool, plain: bool, fault: str) -> str:
    last = max(tables)
    files = []
    for table, rows in tables.items():
        text = _inner(table, [_of_4210(table, row) if old else row for row in rows])
        content = text if plain else base64.b64encode(text.encode()).decode()
        if fault == "bad-base64" and table == last:
            content = "@" + content[: len(content) // 2] if not plain else "@"
        files.append(f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>")
    return f"<HOSO>{''.join(files)}</HOSO>"


def _inner(table: str, rows: list[Row]) -> str:
    *wraps, element = _SHAPES[table]
    records = ("".join(f"<{name}>{escape(text)}</{name}>" for name, text in row.items()) for row in rows)
    body = "".join(f"<{element}>{record}</{element}>" for record in records)
    for wrap in reversed(wraps):
        body = f"<{wrap}>{body}</{wrap}>"
    return body


def _of_4210(table: str, row: Row) -> Row:
    names, without = _OLD_NAMES.get(table, {}), _NOT_IN_OLD.get(table, ())
    found = {names.get(name, name): text for name, text in row.items() if name not in without}
    if table == "XML1":
        day = row["NGAY_SINH"][:8]
        found["NGAY_SINH"] = f"{day[:4]}0101" if day.endswith("0000") else day
    return found


def _tables(patient: Resource, encounter: Resource, inside: list[Resource], truth: Resource) -> dict[str, list[Row]]:
    key = encounter["identifier"][0]
    facility = key["system"].split("/")[-2]
    tables = {"XML1": [_summary(patient, encounter, inside, truth, facility, key["value"])]}
    for table, rows in (
        ("XML2", [_drug(one) for one in inside if one["resourceType"] == "MedicationRequest"]),
        ("XML3", [_service(one) for one in inside if one["resourceType"] in ("DiagnosticReport", "Procedure")]),
        ("XML4", list(_results(inside))),
        ("XML5", list(_notes(encounter, inside))),
    ):
        if rows:
            tables[table] = [{"MA_LK": key["value"], "STT": str(at), **row} for at, row in enumerate(rows, 1)]
    return tables


def _summary(
    patient: Resource, encounter: Resource, inside: list[Resource], truth: Resource, facility: str, key: str
) -> Row:
    numbers = {one["system"]: one["value"] for one in patient["identifier"]}
    birth = patient.get("birthDate", "").replace("-", "").ljust(8, "0") + "0000"
    diagnoses = [one["code"] for one in inside if one["resourceType"] == "Condition"]
    codes = [one["coding"][0]["code"] for one in diagnoses] or ["Z00.0"]
    words = "; ".join(one["text"] for one in diagnoses) or "Khám sức khỏe"
    types = {one["system"]: one["code"] for one in encounter["type"][0]["coding"]}
    row = {
        "MA_LK": key,
        "STT": "1",
        "MA_BN": numbers.get(systems.facility_patient_number(facility), patient["id"][:8]),
        "HO_TEN": patient["name"][0]["text"],
        "SO_CCCD": numbers.get(systems.PERSONAL_NUMBER, ""),
        "NGAY_SINH": birth,
        "GIOI_TINH": {"male": "1", "female": "2"}.get(patient.get("gender", ""), "3"),
        "MA_QUOCTICH": "000",
        "MA_DANTOC": truth["ethnicGroup"],
        "DIA_CHI": _address(patient),
        "MATINH_CU_TRU": truth["province"],
        "MAXA_CU_TRU": truth["commune"],
        "MA_THE_BHYT": numbers.get(systems.INSURANCE_NUMBER, ""),
        "LY_DO_VV": _reason(encounter),
        "CHAN_DOAN_VAO": words,
        "CHAN_DOAN_RV": words,
        "MA_BENH_CHINH": codes[0],
        "MA_BENH_KT": ";".join(codes[1:12]),
        "NGAY_VAO": _written(encounter["period"]["start"]),
        "NGAY_RA": _written(encounter["period"]["end"]),
        "KET_QUA_DTRI": "2",
        "MA_LOAI_RV": "1",
        "MA_LOAI_KCB": types.get(systems.VISIT_TYPE, "01"),
        "MA_KHOA": "K01",
        "MA_CSKCB": facility,
        "MA_HSBA": key.replace("_", "."),
    }
    return row | _weight(inside)


def _address(patient: Resource) -> str:
    address: Resource = patient["address"][0] if patient.get("address") else {}
    parts = (*address.get("line", ()), address.get("city"), address.get("state"))
    return str(address.get("text") or ", ".join(part for part in parts if part))


def _reason(encounter: Resource) -> str:
    return str(encounter["reasonCode"][0]["text"]) if "reasonCode" in encounter else "Khám bệnh"


def _weight(inside: list[Resource]) -> Row:
    weights = [one["valueQuantity"]["value"] for one in inside if _code(one) == "29463-7"]
    return {"CAN_NANG": f"{weights[0]:.2f}"} if weights else {}


def _drug(request: Resource) -> Row:
    dosage = request["dosageInstruction"][0]
    dose, repeat = dosage["doseAndRate"][0]["doseQuantity"], dosage["timing"]["repeat"]
    days = request["dispenseRequest"]["expectedSupplyDuration"]["value"]
    written = f"{dose['value']} {dose['unit']} * {repeat['frequency']} lần * {days} ngày"
    daily = repeat["periodUnit"] == "d" and repeat["period"] == 1
    return {
        "TEN_THUOC": request["medicationCodeableConcept"]["text"],
        "LIEU_DUNG": written if daily else dosage["text"],
        "CACH_DUNG": dosage["text"],
        "SO_LUONG": f"{request['dispenseRequest']['quantity']['value']:.3f}",
        "DON_VI_TINH": dose["unit"],
        "NGAY_YL": _written(request["authoredOn"]),
    }


def _service(one: Resource) -> Row:
    report = one["resourceType"] == "DiagnosticReport"
    at = one["effectiveDateTime"] if report else one.get("performedPeriod", {}).get("start") or one["performedDateTime"]
    return {
        "MA_DICH_VU": _service_code(one),
        "TEN_DICH_VU": one["code"]["text"],
        "MA_NHOM": "1" if report else "8",
        "SO_LUONG": "1",
        "NGAY_YL": _written(at),
        "NGAY_TH_YL": _written(at),
    }


def _results(inside: list[Resource]) -> Iterator[Row]:
    services = {
        result["reference"]: _service_code(report)
        for report in inside
        if report["resourceType"] == "DiagnosticReport"
        for result in report.get("result", ())
    }
    for one in inside:
        if one["resourceType"] == "DiagnosticReport" and not one.get("result"):
            yield _read_picture(one)
        service = services.get(f"{one['resourceType']}/{one['id']}")
        if service is None:
            continue
        quantity = one.get("valueQuantity", {})
        words = one.get("valueCodeableConcept", {}).get("text") or one.get("valueString", "")
        yield {
            "MA_DICH_VU": service,
            "MA_CHI_SO": _code(one),
            "TEN_CHI_SO": one["code"]["text"],
            "GIA_TRI": str(quantity.get("value", words)),
            "DON_VI_DO": quantity.get("unit", ""),
            "NGAY_KQ": _written(one["effectiveDateTime"]),
        }


_ANY_REPORT = "11502-2"
"""LOINC's code for a laboratory report of whatever; a price list has one for each."""


def _service_code(one: Resource) -> str:
    code = str(one["code"]["coding"][0]["code"])
    return f"{code}.{crc32(one['code']['text'].encode()) % 1_000:03d}" if code == _ANY_REPORT else code


def _read_picture(report: Resource) -> Row:
    """What was seen, in words: of an X-ray, an ultrasound, an endoscopy."""
    return {
        "MA_DICH_VU": _service_code(report),
        "TEN_CHI_SO": report["code"]["text"],
        "KET_LUAN": report.get("conclusion", ""),
        "NGAY_KQ": _written(report["effectiveDateTime"]),
    }


def _notes(encounter: Resource, inside: list[Resource]) -> Iterator[Row]:
    signs = [f"{_SIGNS[_code(one)]}{one['valueQuantity']['value']}" for one in inside if _code(one) in _SIGNS]
    for one in inside:
        if _code(one) == "85354-9":
            high, low = (part["valueQuantity"]["value"] for part in one["component"])
            signs.append(f"HA{high}/{low}")
    if signs:
        text = f"{_reason(encounter)}. CSST<{'_'.join(signs)}>"
        yield {"DIEN_BIEN_LS": text, "THOI_DIEM_DBLS": _written(encounter["period"]["start"])}


def _code(resource: Resource) -> str:
    code: Any = resource.get("code", {})
    return str(code["coding"][0]["code"]) if resource["resourceType"] == "Observation" else ""


def _written(moment: str) -> str:
    """yyyymmddHHMM."""
    return moment[:16].replace("-", "").replace("T", "").replace(":", "").ljust(12, "0")
