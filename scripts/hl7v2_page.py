"""Writes docs/reference/hl7v2.md, what becomes of every message and field: `python scripts/hl7v2_page.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hoso.exchange.hl7v2.messages import ER7
from hoso.exchange.hl7v2.tables import Shape, codes, kinds, shapes, told

PAGE = Path(__file__).parent.parent / "docs/reference/hl7v2.md"

_HEAD = f"""# HL7 v2, field by field

Made by `scripts/hl7v2_page.py` from the tables in `src/hoso/exchange/hl7v2/data/`. Every message is kept whole as a
Binary (`{ER7}`) with a Provenance that names what was made of it; *kept raw* means that a field stands
there alone. So do Z-segments and all segments that are not on this page.

- **Facility.** MSH-4 has the facility's code (MACSKCB). Without one the message is refused, unless the sender is bound
  to a facility.
- **Patient.** The number in PID-3 of type MR or PI, else any other that is not of the state, an insurance, an account
  or a visit; with its authority (CX-4), since two of them may give the same number. Then PID-2, PID-4, at last the
  state's number.
- **Visit.** PV1-19, else PID-18. Orders and results by ORC/OBR-2 and -3, vaccinations by ORC-3, documents by TXA-12,
  appointments by SCH-2. The same number sent again is the same record; nothing is doubled.
- **Order of time.** EVN-2 or MSH-7, the earlier. A late message leaves what a newer said and only adds what is unknown.
- **Empty and null.** A patient and a visit change by the field that is sent; `""` deletes. Others are told whole.
- **Diagnoses.** An update (`A08`) with DG1 lists all diagnoses of the roles it names (DG1-6): those that it leaves out
  are entered in error. Every other message adds to them.
- **Corrections.** OBX-11 `C` changes the result, `D` and `W` mark it as entered in error with the value it had, `U`
  makes a preliminary one final.
- **Times** without an offset are in the zone of MSH-7, else of Viet Nam. A time without minutes has 00, since FHIR has
  no hour alone.
- **Names.** `NGUYỄN^AN^VĂN`, `NGUYỄN^VĂN AN` and `NGUYỄN VĂN AN` are one name. The family name comes first when XPN-11
  says so, or when it is one of Viet Nam.
- **Codes** keep the sender's list: `https://hoso.vn/CodeSystem/facility/CODE/NAME` for `L`, `99…` and every name that
  table 0396 does not have. A second code (CWE-4 to -6), as of a national list of vaccines, stands beside the first. A
  code that a translation does not know stays what it is and gives a warning.
- **Merges.** MRG makes the old record inactive and replaced by the one in PID; identity follows the word of the
  facility. Nothing clinical is moved.
- **Words of HIV** give the label, as in the insurance XML.

What cannot be read is told with segment, sequence, field, repetition and component; the rest goes in.
"""


def page() -> str:
    return "\n".join([_HEAD, _messages(), *(_segment(shape) for shape in shapes())])


def _messages() -> str:
    rows = ["## Messages", "", "| Message | | Visit |", "|---|---|---|"]
    for kind in kinds().values():
        type, _, event = kind.name.partition("^")
        visit = str(codes("visit").get(event, "")) if type == "ADT" else ""
        rows.append(f"| `{kind.name}` | {kind.title} | {visit.replace('keep', 'as it is, else')} |")
    return "\n".join(rows) + "\n"


def _segment(shape: Shape) -> str:
    rows = [f"## {shape.name}: {shape.title}", "", "| Field | | Becomes |", "|---|---|---|"]
    known = {field: one for (segment, field), one in told().items() if segment == shape.name}
    for field, (name, targets) in sorted(known.items()):
        rows.append(f"| {shape.name}-{field} | {name} | {', '.join(f'`{one}`' for one in targets)} |")
    raw = [at for at in range(1, shape.fields + 1) if at not in known]
    return "\n".join(rows) + f"\n\nKept raw: {', '.join(_ranges(raw)) or 'none'}.\n"


def _ranges(numbers: list[int]) -> Iterator[str]:
    """1, 3–5."""
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield str(number) if at == start else f"{numbers[start]}–{number}"
            start = at + 1


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
