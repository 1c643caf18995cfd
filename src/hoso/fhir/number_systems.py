"""One number space, several addresses: how a system URI as senders write it leads to the one that HoSo means.

Records keep the address they came with. Whatever compares numbers (indexes, searches, matching, pages) asks here first.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from hoso.fhir import systems

_ROOT = "http://fhir.ehealth.gov.vn/core/sid/"
_SPACES = (
    systems.PERSONAL_NUMBER,
    systems.OLD_CARD_NUMBER,
    systems.INSURANCE_NUMBER,
    systems.PASSPORT_NUMBER,
    systems.INTERNAL_NUMBER,
    systems.DRIVING_NUMBER,
    systems.PROVIDER_NUMBER,
    systems.LICENCE_NUMBER,
)
_NAMES = {url.removeprefix(_ROOT).replace("-", "_"): url for url in _SPACES}
_VARIANT = re.compile(
    r"https?://(?:fhir\.ehealth\.gov\.vn/core|moh\.gov\.vn/fhir/core|fhir\.hl7\.org\.vn/core)/sid/([a-z_-]+)/?",
    re.ASCII | re.IGNORECASE,
)
"""The roots of VN Core, of an app in use (moh.gov.vn) and of HL7 Viet Nam's own guide; with - or _ in names."""
_TWELVE = re.compile(r"[0-9]{12}", re.ASCII)


def number_space(system: str, value: str | None = None) -> str:
    """The address that stands for the number space. Of an old card under a variant address the `value` decides:
    twelve digits are a personal number, which such senders call the citizen's as well."""
    found = _of(system)
    if found == systems.OLD_CARD_NUMBER != system and value is not None and _TWELVE.fullmatch(value):
        return systems.PERSONAL_NUMBER
    return found


@lru_cache(maxsize=4_096)
def _of(system: str) -> str:
    match = _VARIANT.fullmatch(system)
    return _NAMES.get(match[1].lower().replace("-", "_"), system) if match else system


_ROOTS = (
    "https://fhir.ehealth.gov.vn/core/sid/",
    "http://moh.gov.vn/fhir/core/sid/",
    "http://fhir.hl7.org.vn/core/sid/",
)
_TITLES = {
    systems.PERSONAL_NUMBER: "Personal identification number / Số định danh cá nhân (CCCD)",
    systems.OLD_CARD_NUMBER: "Number of the old identity card / Số chứng minh nhân dân (CMND)",
    systems.INSURANCE_NUMBER: "Health insurance card / Số thẻ bảo hiểm y tế",
    systems.PASSPORT_NUMBER: "Passport / Số hộ chiếu",
    systems.INTERNAL_NUMBER: "Patient number of the sending facility / Mã người bệnh tại cơ sở",
    systems.DRIVING_NUMBER: "Driving licence / Số giấy phép lái xe",
    systems.PROVIDER_NUMBER: "Licence of a facility to operate / Số giấy phép hoạt động của cơ sở",
    systems.LICENCE_NUMBER: "Practice licence / Số giấy phép hành nghề",
}


@cache
def naming() -> dict[str, dict[str, Any]]:
    """NamingSystems by id: each number space with the address that HoSo means and others it is known under."""
    return {one["id"]: one for one in map(_naming, _SPACES)}


def _naming(url: str) -> dict[str, Any]:
    name = url.removeprefix(_ROOT)
    others = [*(root + name for root in _ROOTS), _ROOT + name.translate({ord("-"): "_", ord("_"): "-"})]
    spelled = [{"type": "uri", "value": url, "preferred": True}]
    spelled += [{"type": "uri", "value": one, "preferred": False} for one in others if number_space(one) == url]
    return {
        "resourceType": "NamingSystem",
        "id": f"hoso-{name.replace('_', '-')}",
        "name": name.replace("-", "_"),
        "status": "active",
        "kind": "identifier",
        "date": "2026-11-27",
        "description": _TITLES[url],
        "uniqueId": spelled,
    }
