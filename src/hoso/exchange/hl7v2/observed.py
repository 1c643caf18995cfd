"""The value of an OBX by its type (OBX-2), its reference range, and content that comes in base64.

Only what reads whole is read; everything else stays the text it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from decimal import Decimal

from hoso.exchange.hl7v2 import moments
from hoso.exchange.hl7v2.coded import concept, decimal, unit
from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.insurance import result
from hoso.exchange.insurance.mapping import codes as insurance_codes
from hoso.fhir import systems

_COMPARATORS = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "=": "", "": ""}
_BETWEEN = re.compile(r"(-?\d[\d.,]*)\s*[-–]\s*(-?\d[\d.,]*)\Z", re.ASCII)
PRESSURE = "85354-9"
"""Blood pressure, in LOINC."""
_PRESSURE = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})\Z", re.ASCII)
_ONE_SIDE = re.compile(r"(<=|>=|<|>|≤|≥)\s*(-?\d[\d.,]*)\Z")


def value(draft: Draft, part: Part) -> Resource:
    """Elements of the Observation; empty when nothing stands there."""
    times, kind = part.count(5), part.text(2)
    if not times or part.deletes(5):
        return {}
    if kind in ("CE", "CWE", "CNE", "IS", "ID", "CF"):
        found = concept(draft, part, 5)
        others = [other for at in range(2, times + 1) if (other := concept(draft, part, 5, at))]
        if found and others:
            found = {"text": "; ".join(str(other["text"]) for other in [found, *others])}
        return {"valueCodeableConcept": found} if found else {}
    text = "\n".join(one for at in range(1, times + 1) if (one := part.written(5, at)))
    if not text.strip():
        return {}
    return _single(draft, part, kind, text) if times == 1 else {"valueString": text}


def _single(draft: Draft, part: Part, kind: str, text: str) -> Resource:
    if kind == "NM":
        return _numeric(draft, part, text.strip())
    if kind == "SN":
        return _structured(part) or {"valueString": text}
    if kind in ("DT", "TS", "DTM"):
        found = moments.moment(part.text(5), draft.zone)
        if found is None:
            draft.warn(part, 5, "unread", text=text)
        return {"valueDateTime": found} if found else {"valueString": text}
    if kind == "TM":
        at = moments.clock(part.text(5))
        return {"valueTime": at} if at else {"valueString": text}
    if kind == "ED":
        return {"valueString": " ".join(one for one in (part.text(5, 2), part.text(5, 3)) if one) or text}
    if kind == "ST" and part.text(6):  # many laboratories send numbers as strings, with their unit
        return _numeric(draft, part, text.strip(), quiet=True)
    return {"valueString": text}


def _numeric(draft: Draft, part: Part, text: str, quiet: bool = False) -> Resource:
    digits = decimal(text.removeprefix("+"))
    if digits is not None:
        return {"valueQuantity": {"value": digits, **unit(part, 6)}}
    found, _ = result.read(text, "")
    if "valueQuantity" in found:
        return {"valueQuantity": {**found["valueQuantity"], **unit(part, 6)}}
    if "valueRange" in found:
        return {"valueRange": {end: {**one, **unit(part, 6)} for end, one in found["valueRange"].items()}}
    if not quiet:
        draft.warn(part, 5, "not-a-number", text=text)
    return {"valueString": text}


def _structured(part: Part) -> Resource | None:
    """SN: comparator, number, separator, number."""
    sign, between = part.text(5, 1), part.text(5, 3)
    first, second = decimal(part.text(5, 2)), decimal(part.text(5, 4))
    if first is None:
        return None
    units = unit(part, 6)
    if not between and not part.text(5, 4) and sign in _COMPARATORS:
        told = _COMPARATORS[sign]
        return {"valueQuantity": {"value": first, **({"comparator": told} if told else {}), **units}}
    if second is None or sign not in ("", "="):
        return None
    if between == "-" and first <= second:
        return {"valueRange": {"low": {"value": first, **units}, "high": {"value": second, **units}}}
    if between in (":", "/"):
        return {"valueRatio": {"numerator": {"value": first}, "denominator": {"value": second}}}
    return None


def pressure(part: Part) -> list[Resource]:
    """The two parts of a blood pressure that comes as one text ("120/80"); empty when it is no such text."""
    match = _PRESSURE.match(part.text(5))
    if match is None:
        return []
    names = insurance_codes()["vitals"]
    found = []
    for name, digits in (("systolic", match[1]), ("diastolic", match[2])):
        sign = names[name]
        if not sign["from"] <= int(digits) <= sign["to"]:
            return []
        quantity = {"value": int(digits), "unit": sign["unit"], "system": systems.UCUM, "code": sign["ucum"]}
        coding = {"system": systems.LOINC, "code": sign["loinc"], "display": sign["en"]}
        found.append({"code": {"coding": [coding], "text": sign["vi"]}, "valueQuantity": quantity})
    return found


def reference_range(draft: Draft, part: Part) -> list[Resource]:
    """OBX-7 with the words it came in; low and high where it is a plain range of numbers."""
    text = part.text(7)
    if not text:
        return []
    found: Resource = {"text": text}
    units = unit(part, 6)
    if between := _BETWEEN.match(text):
        low, high = decimal(between[1]), decimal(between[2])
        if low is not None and high is not None and low <= high:
            found |= {"low": _bound(low, units), "high": _bound(high, units)}
    elif (side := _ONE_SIDE.match(text)) and (limit := decimal(side[2])) is not None:
        found["high" if side[1] in ("<", "<=", "≤") else "low"] = _bound(limit, units)
    return [found]


def _bound(value: Decimal, units: Resource) -> Resource:
    return {"value": value, **units}


def attachment(draft: Draft, part: Part) -> Resource | None:
    """ED: content with its media type. What is no base64 is a fault: half a document would look like a whole one."""
    kind, subtype, coding, data = (part.text(5, at) for at in (2, 3, 4, 5))
    found: Resource = {"contentType": media(kind, subtype)}
    title = part.text(3, 2) or part.text(3)
    if title:
        found["title"] = title
    if coding.upper() in ("", "A"):
        content = data.encode()
    else:
        try:
            content = _decoded(coding, data)
        except (binascii.Error, ValueError):
            draft.fault(part, 5, "not-base64", component=5)
            return None
    if not content:
        draft.warn(part, 5, "no-content", component=5)
        return None
    found["data"] = base64.b64encode(content).decode()
    return found


def _decoded(coding: str, data: str) -> bytes:
    joined = "".join(data.split())
    return bytes.fromhex(joined) if coding.lower() == "hex" else base64.b64decode(joined, validate=True)


def media(kind: str, subtype: str) -> str:
    """The media type of ED-2 and ED-3; bytes of no kind when the tables do not know them."""
    found = codes("media").get(subtype.upper()) or codes("media").get(kind.upper())
    if not found and kind.lower() in ("application", "image", "text", "audio", "video") and subtype.isascii():
        return f"{kind.lower()}/{subtype.lower()}" if subtype.isalnum() else "application/octet-stream"
    return str(found or "application/octet-stream")
