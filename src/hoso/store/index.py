"""Search values become index rows here, and only here: what writes a key and what looks it up share these functions.

Keys of values are hashes keyed with a secret of the database, so nobody can make two values collide on purpose. A
parameter by itself has a small number, made of the numbers of its type and its bit in the model, which never change:
it fills fewer bytes of each row.

`token`: key of (type, parameter, code), `system` apart, so one row serves `code`, `|code` and `system|code`. Composites
of two tokens have a key of their own.
`codes`: the parameter and the code of a key of `token`, once for all records, to sort by.
`systems`: the systems that the codes of a record come from (`system|`); `texts`: the texts beside its codes (`:text`).
Few sets of either exist, so each has a number: the record carries it in a column of that name in `resource`, and the
members of the set stand in the table once for all records, for ever.
`ref`: `target` is the rid of the record referred to. A parameter that is another one narrowed to a type of target
(`patient` of `subject`) has no rows of its own. `date`: half-open milliseconds.
`string`: `value` is the folded text, `long` the whole of it where `value` is only its beginning, `exact` the hash
of the text as written (0: the text is `value`); uri parameters stand here unfolded. `texts` has the same columns, where
`exact` is of the folded text, which nobody asks for exactly.
`quantity`: one row as written with hashes of system, code and unit, and for UCUM one more in the base unit.
A composite stands in the table of its last part under `Keys.part` of its first; of three parts, the second and third
are numbers and stand in `quantity` as `low` and `high`. One of a code and a quantity stands there once, with the
system of the code as `part`; the others stand twice, with the system and without.
`relation`: who is tied to a patient by a record (fhir/relations.py); `grantee` is the rid of a record, or the negative
hash of a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from hoso.core.dates import OPEN_LOW
from hoso.core.text import fold
from hoso.fhir.added import is_added
from hoso.fhir.consents import Ruling
from hoso.fhir.indexed import Indexed
from hoso.fhir.labels.inherit import RESERVED
from hoso.fhir.model import load
from hoso.fhir.relations import KINDS, Related
from hoso.fhir.ucum import canonical as _canonical
from hoso.store.plan import IndexRows

NO_DATE = OPEN_LOW
"""`date` of rows of resources without a clinical date: before all others."""

LONGEST = 200
"""Characters of a text that stand in the b-tree."""

UCUM = "http://unitsofmeasure.org"

canonical = lru_cache(16_384)(_canonical)
"""One value stands in several parameters and composites of its resource; its conversion is done once."""

_UNION = "combo-"
_UNITED = ("code", "data-absent-reason", "value-concept", "value-quantity", "code-value-concept", "code-value-quantity")
_UNIONS = {("Observation", _UNION + name): (name, f"component-{name}") for name in _UNITED}
_UNITING = frozenset(type for type, _ in _UNIONS)


def spread(type: str, param: str) -> tuple[str, ...]:
    """The parameters whose rows answer a search by `param`: one that only unites others has no rows of its own."""
    return _UNIONS.get((type, param), (param,))


_NARROWED = re.compile(r"(.+)\.where\(resolve\(\) is (\w+)\)")


class Held(NamedTuple):
    """The parameter in whose rows a reference parameter stands; `target`: only those that lead to this type."""

    param: str
    target: str | None


@cache
def held(type: str, param: str) -> Held:
    known = load().search_params[type]
    found = _NARROWED.fullmatch(known[param].expression.strip()) if param in known else None
    if found:
        for code, wider in known.items():
            if wider.type == "reference" and wider.expression.strip() == found[1]:
                return Held(code, found[2])
    return Held(param, None)


def _unites(type: str, param: str) -> bool:
    return type in _UNITING and param.startswith(_UNION)


TokenRow = tuple[int, int]
CodeRow = tuple[int, int, str]
DateRow = tuple[int, int, int]
StringRow = tuple[int, str, int, str | None]
QuantityRow = tuple[int, float, float, int, int, int, int]
Name = tuple[str, str]
RelationRow = tuple[Name | None, Name | None, int, int, int, int]
"""(Patient, grantee, else the key of the grantee's name, kind, since, until)."""


ConsentRow = tuple[int, int, int, int, int, Name | None, int, int, int, int, int, Name | None]
"""(place, first, permits, since, until, grantee, else the key of the grantee's name, purpose, type, acts, labels,
record)."""


class Group(NamedTuple):
    """A set that many records share: its number, and its rows in `systems` or `texts`."""

    number: int
    rows: tuple[tuple[Any, ...], ...]


NO_GROUP = Group(0, ())


class Folded(NamedTuple):
    """The columns of one text in `string`."""

    value: str
    exact: int
    long: str | None


class Keys:
    """The hashes of one database."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.token: Callable[[str, str, str], int] = lru_cache(16_384)(self._token)
        """token(type, parameter, code)"""
        self.param: Callable[[str, str], int] = lru_cache(16_384)(self._param)
        """param(type, parameter): references, dates, strings, uris, numbers and quantities as written"""
        self.base_unit: Callable[[str, str, str], int] = lru_cache(16_384)(self._base_unit)
        """base_unit(type, parameter, unit): in `quantity`, of values converted to a UCUM base unit"""
        self.small: Callable[[str | None], int] = lru_cache(16_384)(self._small)
        """small(text): 32 bits of a system, a unit or a code of a quantity; 0 for None"""
        self.text: Callable[[str], int] = lru_cache(16_384)(self._text)
        """text(as written): for `string.exact`"""
        # The same values come in record after record, so whole rows are remembered.
        self.tokens: Callable[[str, str, str | None, str], tuple[TokenRow, ...]] = lru_cache(65_536)(self._tokens)
        self.strings: Callable[[str, str, str], tuple[StringRow, ...]] = lru_cache(32_768)(self._strings)
        self.quantities: Callable[
            [int, str, str, float, float, str | None, str | None, str | None], tuple[QuantityRow, ...]
        ] = lru_cache(32_768)(self._quantities)
        self.systems: Callable[[str, frozenset[tuple[str, str]]], Group] = lru_cache(8_192)(self._systems)
        """systems(type, {(parameter, system)})"""
        self.code: Callable[[str, str, str], CodeRow] = lru_cache(16_384)(self._code)
        """code(type, parameter, code): what a key of `token` says"""
        self.texts: Callable[[str, frozenset[tuple[str, str]]], Group] = lru_cache(8_192)(self._texts)
        """texts(type, {(parameter, text)})"""

    def _hash(self, *parts: str) -> int:
        data = "\x1f".join(parts).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(data, digest_size=8, key=self._secret).digest(), "big", signed=True)

    def _token(self, type: str, param: str, code: str) -> int:
        return self._hash("t", type, param, code)

    def _code(self, type: str, param: str, code: str) -> CodeRow:
        return self.token(type, param, code), self.param(type, param), code

    def any_code(self, type: str, param: str, system: str) -> int:
        """Key of every code of one system (`system|`): in `systems`, of composites in `token`."""
        return self.token(type, param, system + "|\x1e")

    def _systems(self, type: str, found: frozenset[tuple[str, str]]) -> Group:
        keys = sorted({self.any_code(type, *one) for one in found if not _unites(type, one[0])})
        number = self._hash("s", *map(str, keys)) or 1
        return Group(number, tuple((key, number) for key in keys)) if keys else NO_GROUP

    def _texts(self, type: str, found: frozenset[tuple[str, str]]) -> Group:
        folded = {(self.param(type, param), fold(text)) for param, text in found if not _unites(type, param)}
        number = self._hash("x", *(f"{key} {text}" for key, text in sorted(folded))) or 1
        rows = []
        for key, text in sorted(folded):
            value, exact, long = self.uri(text)
            rows.append((key, value, number, exact, long))
        return Group(number, tuple(rows)) if rows else NO_GROUP

    def _param(self, type: str, param: str) -> int:
        name, _, variant = param.partition(":")
        model = load()
        if variant in ("", "text") and name in model.search_params[type]:
            return model.type_number[type] << 7 | model.search_params[type][name].bit << 1 | (variant == "text")
        if name in RESERVED:
            return model.type_number[type] << 7 | RESERVED[name] << 1
        return self._hash("p", type, param)

    def part(self, type: str, param: str, system: str | None, code: str) -> str:
        """The parameter name under which the second part of a composite is indexed, given its first part.

        `system` None is a search that does not name one, "" one that asks for none.
        """
        return f"{param}\x1e{code}" if system is None else f"{param}\x1e{system}|{code}"

    def _base_unit(self, type: str, param: str, unit: str) -> int:
        return self._hash("u", type, param, unit)

    def _small(self, text: str | None) -> int:
        if text is None:
            return 0
        return int.from_bytes(blake2b(text.encode(), digest_size=4, key=self._secret).digest(), "big", signed=True) or 1

    def grantee(self, name: str) -> int:
        """The number of a grantee who has no record; below those of records."""
        return -abs(self._hash("g", name)) or -1

    def _text(self, text: str) -> int:
        return self._hash("x", text) or 1

    def string(self, text: str) -> Folded:
        """Columns of a text that is searched folded."""
        folded = fold(text)
        return self._columns(folded, 0 if folded == text else self.text(text))

    def uri(self, text: str) -> Folded:
        """Columns of a text that is searched as written."""
        return self._columns(text, 0 if len(text) <= LONGEST else self.text(text))

    def _columns(self, text: str, exact: int) -> Folded:
        return Folded(text, exact, None) if len(text) <= LONGEST else Folded(text[:LONGEST], exact, text)

    def _tokens(self, type: str, param: str, system: str | None, code: str) -> tuple[TokenRow, ...]:
        """The rows of one token; like all rows none for a parameter that unites others, under which they stand."""
        if _unites(type, param):
            return ()
        number = self.small(system or None)
        row = (self._token(type, param, code), number)
        return (row, (self.any_code(type, param, system), number)) if system and is_part(param) else (row,)

    def _strings(self, type: str, param: str, text: str) -> tuple[StringRow, ...]:
        if _unites(type, param):
            return ()
        value, exact, long = self.string(text)
        return ((self.param(type, param), value, exact, long),)

    def _quantities(
        self,
        part: int,
        type: str,
        param: str,
        low: float,
        high: float,
        system: str | None,
        code: str | None,
        unit: str | None,
    ) -> tuple[QuantityRow, ...]:
        if _unites(type, param):
            return ()
        label = None if unit == code else unit
        row = (self.param(type, param), low, high, self.small(system), self.small(code), self.small(label), part)
        if system != UCUM or code is None:
            return (row,)
        base_low = canonical(low, code)
        base_high = base_low if low == high else canonical(high, code)
        if not (base_low and base_high):
            return (row,)
        first, last = sorted((base_low[0], base_high[0]))
        return row, (self.base_unit(type, param, base_low[1]), first, last, 0, 0, 0, part)


class Rows(NamedTuple):
    """The index rows of one resource, without the columns that every row of it shares (patient, date, rid).

    References still name their target; the store knows its rid.
    """

    tokens: Set[TokenRow]
    refs: Set[tuple[str, str, int]]
    dates: Set[DateRow]
    strings: Set[StringRow]
    quantities: Set[QuantityRow]
    codes: Set[CodeRow]
    systems: Group
    texts: Group
    words: Set[TokenRow] = frozenset()
    """Of full text; they stand in `token`, and name no code."""
    relations: Set[RelationRow] = frozenset()
    consents: Set[ConsentRow] = frozenset()


NOTHING = Rows(frozenset(), frozenset(), frozenset(), frozenset(), frozenset(), frozenset(), NO_GROUP, NO_GROUP)


def without_texts(rows: Rows) -> Rows:
    """Of a sealed record: what is kept in clear would say what its body says."""
    return rows._replace(strings=frozenset(), texts=NO_GROUP, words=frozenset())


def rows(keys: Keys, type: str, found: Indexed) -> Rows:
    """Index rows of one resource."""
    return _Builder(keys, type).build(found)


def laid_out(rows: Rows, date: int | None, patient: int, rid: int, rid_of: Callable[[str, str], int]) -> IndexRows:
    """The rows as their tables have them; `rid_of` gives the record number of a reference's type and id."""
    date = NO_DATE if date is None else date
    return {
        "token": [(key, patient, date, rid, system) for key, system in (*rows.tokens, *rows.words)],
        "ref": [(rid_of(type, id), key, patient, date, rid) for type, id, key in rows.refs],
        "date": [(key, low, high, patient, rid) for key, low, high in rows.dates],
        "string": [(key, value, patient, rid, exact, long) for key, value, exact, long in rows.strings],
        "quantity": [
            (key, low, high, patient, rid, system, code, unit, part)
            for key, low, high, system, code, unit, part in rows.quantities
        ],
        "relation": [
            (rid_of(*whose) if whose else patient, rid_of(*grantee) if grantee else name, kind, since, until, rid)
            for whose, grantee, name, kind, since, until in rows.relations
        ],
        "consent": [
            (
                patient,
                rid,
                place,
                first,
                permits,
                since,
                until,
                rid_of(*grantee) if grantee else name,
                purpose,
                type,
                acts,
                labels,
                rid_of(*record) if record else 0,
            )
            for place, first, permits, since, until, grantee, name, purpose, type, acts, labels, record in rows.consents
        ],
    }


def _sorted(type: str, param: str) -> bool:
    return ":" not in param and not _unites(type, param)


def is_part(param: str) -> bool:
    """Whether a name was made by `Keys.part`, or is that of an added parameter: their systems stand in `token`."""
    return "\x1e" in param or is_added(param)


class _Builder:
    def __init__(self, keys: Keys, type: str) -> None:
        self.keys, self.type = keys, type
        self.tokens: set[TokenRow] = set()
        self.refs: set[tuple[str, str, int]] = set()
        self.dates: set[DateRow] = set()
        self.strings: set[StringRow] = set()
        self.quantities: set[QuantityRow] = set()

    def build(self, found: Indexed) -> Rows:
        keys, type = self.keys, self.type
        key, tokens, strings = keys.param, keys.tokens, keys.strings
        systems: set[tuple[str, str]] = set()
        for param, system, code in found.tokens:
            self.tokens.update(tokens(type, param, system, code))
            if system and not is_part(param):
                systems.add((param, system))
        for param, target, id in found.references:
            if held(type, param).target is None:
                self.refs.add((target, id, key(type, param)))
        for param, low, high in found.dates:
            self.dates.add((key(type, param), low, high))
        texts: set[tuple[str, str]] = set()
        for param, text in found.strings:
            if param.endswith(":text"):
                texts.add((param, text))
            else:
                self.strings.update(strings(type, param, text))
        for param, text in found.uris:
            self.strings.add((key(type, param), *keys.uri(text)))
        for quantity in found.quantities:
            self.quantities.update(keys.quantities(0, type, *quantity))
        for param, parts in found.composites:
            if not _unites(type, param):
                self.composite(param, parts)
        return Rows(
            self.tokens,
            self.refs,
            self.dates,
            self.strings,
            self.quantities,
            {keys.code(type, param, code) for param, _, code in found.tokens if _sorted(type, param)},
            keys.systems(type, frozenset(systems)),
            keys.texts(type, frozenset(texts)),
            {(keys.token(type, param, word), 0) for param, word in found.words},
            {self.relation(one) for one in found.relations},
            {self.consent(one) for one in found.rulings},
        )

    def consent(self, one: Ruling) -> ConsentRow:
        name = self.keys.grantee(one.name) if one.name else 0
        return (
            one.place, one.first, int(one.permits), one.since, one.until, one.grantee, name, one.purpose, one.type,
            one.acts, one.labels, one.record,
        )  # fmt: skip

    def relation(self, one: Related) -> RelationRow:
        patient = ("Patient", one.patient) if one.patient else None
        name = 0 if one.grantee else self.keys.grantee(one.name)
        return patient, one.grantee, name, KINDS.index(one.kind) + 1, one.since, one.until

    def composite(self, param: str, parts: tuple[Any, ...]) -> None:
        first, *rest = parts
        if first[0] == "token" and len(rest) == 1 and rest[0][0] == "quantity":
            name = self.keys.part(self.type, param, None, first[2])
            system = self.keys.small(first[1] or None)
            self.quantities.update(self.keys.quantities(system, self.type, name, *rest[0][1:]))
            return
        for name in self._parts(param, first):
            if len(rest) == 2:
                self.quantities.add((self.keys.param(self.type, name), rest[0][1], rest[1][2], 0, 0, 0, 0))
            else:
                self.last(name, rest[0])

    def _parts(self, param: str, first: tuple[Any, ...]) -> tuple[str, ...]:
        keys, type = self.keys, self.type
        if first[0] == "token":
            return keys.part(type, param, None, first[2]), keys.part(type, param, first[1] or "", first[2])
        if first[0] == "reference":
            return (keys.part(type, param, None, f"{first[1]}/{first[2]}"),)
        if first[0] == "uri":
            return (keys.part(type, param, None, first[1]),)
        raise ValueError(f"{type}.{param}: a composite cannot begin with a {first[0]}")

    def last(self, name: str, part: tuple[Any, ...]) -> None:
        """The part that is searched by value, in the table of its kind."""
        keys, type = self.keys, self.type
        kind, values = part[0], part[1:]
        if kind == "token":
            self.tokens.update(keys.tokens(type, name, *values))
        elif kind == "quantity":
            self.quantities.update(keys.quantities(0, type, name, *values))
        elif kind == "string":
            self.strings.update(keys.strings(type, name, *values))
        elif kind == "date":
            self.dates.add((keys.param(type, name), *values))
        elif kind == "reference":
            self.refs.add((*values, keys.param(type, name)))
        else:
            self.strings.add((keys.param(type, name), *keys.uri(values[0])))
