"""What each column of a sheet means: the mapping, as it is guessed, written by hand, remembered, or sent.

Columns are named by their titles, so a sheet whose columns stand in another order has the same mapping.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping as Dictionary
from dataclasses import asdict, dataclass, field
from typing import Any

from hoso.core import Refused
from hoso.exchange.sheets.header import Header, names
from hoso.exchange.sheets.kinds import ROW_TITLES, kind, plain

FACILITY = re.compile(r"[A-Za-z0-9.-]{1,20}\Z")
LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """`of` names the test or vaccine of a column that is one, with its `unit` or `dose`; `order` "mdy": month first.

    A target without a field is a column that is left out on purpose.
    """

    field: str
    of: str = ""
    unit: str = ""
    dose: str = ""
    order: str = ""


@dataclass(slots=True)
class Mapping:
    """`columns` by the name of the column (see `names`). A column that is not there is kept as it is written."""

    kind: str
    facility: str
    columns: dict[str, Target] = field(default_factory=dict)
    sheet: str = ""

    def check(self) -> None:
        """Raises Refused for a field that the kind has not, one given twice, or a need that nothing fills."""
        of = kind(self.kind)
        if not FACILITY.match(self.facility):
            raise Refused.because(400, "required", "sheet.no-facility", facility=self.facility[:30])
        for name, target in self.columns.items():
            if target.field and target.field not in of.fields:
                raise Refused.because(
                    400, "not-found", "sheet.no-field", field=target.field[:50], column=name[:90], kind=self.kind
                )
        used = Counter(target.field for target in self.columns.values() if target.field)
        for code, times in used.items():
            if times > 1 and not of.fields[code].many and of.fields[code].format != "ignored":
                raise Refused.because(400, "duplicate", "sheet.field-twice", field=code, kind=self.kind)
        for group in self.missing():
            raise Refused.because(400, "required", "sheet.no-need", fields=_or(self.kind, group), kind=self.kind)

    def missing(self) -> list[tuple[str, ...]]:
        """The groups of needed fields of which no column has one."""
        used = {target.field for target in self.columns.values()}
        return [group for group in kind(self.kind).need if not used & set(group)]

    def as_json(self) -> dict[str, Any]:
        columns = {
            name: {key: value for key, value in asdict(to).items() if value} for name, to in self.columns.items()
        }
        return {"kind": self.kind, "facility": self.facility, "sheet": self.sheet, "columns": columns}

    def as_toml(self) -> str:
        lines = [f"kind = {_quoted(self.kind)}", f"facility = {_quoted(self.facility)}"]
        lines += [f"sheet = {_quoted(self.sheet)}"] if self.sheet else []
        lines += ["", "[columns]"]
        for name, target in self.columns.items():
            more = {key: value for key, value in asdict(target).items() if value and key != "field"}
            told = ", ".join(f"{key} = {_quoted(value)}" for key, value in {"field": target.field, **more}.items())
            lines.append(f"{_quoted(name)} = " + (f"{{ {told} }}" if more else _quoted(target.field)))
        return "\n".join(lines) + "\n"


def _or(of: str, group: tuple[str, ...]) -> str:
    return " / ".join(kind(of).fields[code].vi for code in group)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def from_json(told: object) -> Mapping:
    """Of what `as_json` gives, also with a plain field in place of a target. Raises Refused for anything else."""
    if not isinstance(told, dict) or not isinstance(told.get("columns"), dict):
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason="columns")
    texts = {name: told.get(name, "") for name in ("kind", "facility", "sheet")}
    if not all(isinstance(text, str) for text in texts.values()):
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=", ".join(texts))
    columns = {str(name): _target(str(name), target) for name, target in told["columns"].items()}
    return Mapping(texts["kind"], texts["facility"], columns, texts["sheet"])


def from_toml(text: str) -> Mapping:
    try:
        return from_json(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=str(error)[:200]) from None


def _target(name: str, told: object) -> Target:
    told = {"field": told} if isinstance(told, str) else told
    known = Target.__dataclass_fields__.keys()
    if not isinstance(told, dict) or not told.keys() <= known or not all(isinstance(one, str) for one in told.values()):
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=name[:90])
    return Target(**{"field": "", **told})


def signature(header: Header) -> str:
    """The same for sheets with the same titles, in whatever order; "" for a sheet without a header."""
    if not header.rows:
        return ""
    titles = sorted(plain(name) or name for name in names(header) if plain(name) not in _OURS)
    return hashlib.sha256("\n".join([*titles, *sorted(filter(None, header.keys))]).encode()).hexdigest()


_OURS = frozenset((*ROW_TITLES, plain("Lý do loại"), "reason"))
"""Titles that a sheet of rejected rows has beside those of the sheet it came from."""


def unknown_columns(mapping: Mapping, header: Header) -> list[str]:
    """Columns that the mapping names and the sheet has not."""
    here = set(names(header))
    return [name for name in mapping.columns if name not in here]


def by_column(mapping: Mapping, header: Header) -> Dictionary[int, Target]:
    return {at: mapping.columns[name] for at, name in enumerate(names(header)) if name in mapping.columns}
