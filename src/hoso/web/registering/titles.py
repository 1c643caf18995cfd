"""Who somebody is to the person (HL7 v3 RoleCode), as the form offers it; the texts are catalogue keys."""

from __future__ import annotations

RELATIONS = {
    "MTH": "Mother",
    "FTH": "Father",
    "GRPRN": "Grandparent",
    "SPS": "Husband or wife",
    "CHILD": "Son or daughter",
    "SIB": "Brother or sister",
    "GUARD": "Guardian",
    "EXT": "Other relative",
}
SAID = {
    "MTH": "Mẹ", "FTH": "Cha", "GRPRN": "Ông bà", "SPS": "Vợ chồng", "CHILD": "Con", "SIB": "Anh chị em",
    "GUARD": "Người giám hộ", "EXT": "Người thân",
}  # fmt: skip
"""The same as it is written into the record, which is Vietnamese whoever types it."""
