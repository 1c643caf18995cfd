"""SQL text together with its parameters, and the few places where the two databases spell things differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec
import orjson

from hoso.store.connection import Dialect


class Sql(msgspec.Struct, frozen=True, gc=False):
    """A search makes some sixty of them, so they are of the kind that is made the quickest."""

    text: str
    params: tuple[object, ...] = ()

    def also(self, other: Sql, word: str = " ") -> Sql:
        return Sql(f"{self.text}{word}{other.text}", self.params + other.params)


TRUE, FALSE = Sql("1=1"), Sql("1=0")


def join(word: str, parts: Iterable[Sql]) -> Sql:
    texts: list[str] = []
    params: tuple[object, ...] = ()
    for part in parts:
        texts.append(part.text)
        if part.params:
            params += part.params
    return Sql(word.join(texts), params)


def both(parts: Iterable[Sql]) -> Sql:
    """All hold."""
    found = [p for p in parts if p.text != "1=1"]
    return found[0] if len(found) == 1 else join(" AND ", found) if found else TRUE


def either(parts: Iterable[Sql]) -> Sql:
    """One holds, in brackets."""
    found = list(parts)
    if not found:
        return FALSE
    return found[0] if len(found) == 1 else nested(join(" OR ", found))


def choose(columns: str, tables: Sql, where: Sql, distinct: bool = False) -> Sql:
    """SELECT. Only names of ours are ever part of the text; whatever a caller sent is a parameter."""
    head = Sql(f"SELECT {'DISTINCT ' if distinct else ''}{columns} FROM ")  # noqa: S608
    return head.also(tables, "").also(where, " WHERE ")


def exists(dialect: Dialect, tables: Sql, where: Sql) -> Sql:
    """Asked record by record, as the plan has it: OFFSET keeps PostgreSQL from finding all that exist first."""
    inner = choose("1", tables, where)
    return Sql("EXISTS ").also(nested(inner if dialect == "sqlite" else inner.also(Sql("OFFSET 0"))), "")


def nested(inner: Sql, name: str = "") -> Sql:
    """In brackets, with a name where it stands in a FROM."""
    return Sql(f"({inner.text}) {name}".rstrip(), inner.params)


def among(dialect: Dialect, column: str, values: Sequence[int] | Sequence[str]) -> Sql:
    """`column` is one of `values`: one array test, however many there are."""
    if len(values) == 1:
        return Sql(f"{column} = ?", (values[0],))
    if dialect == "sqlite":
        return Sql(f"{column} IN (SELECT value FROM json_each(?))", (listed(values),))  # noqa: S608
    if isinstance(values[0], str):
        return Sql(f"{column} = ANY(CAST(? AS text[]))", (list(values),))
    return Sql(f"{column} = ANY(CAST(? AS bigint[]))", (numbers(values),))


def listed(values: Sequence[int] | Sequence[str]) -> str:
    """An array as SQLite's JSON functions read it. Texts may hold half a character, which only `json` can write."""
    if values and isinstance(values[0], int):
        return orjson.dumps(list(values)).decode()
    return json.dumps(list(values))


def numbers(values: Iterable[object]) -> str:
    """An array as PostgreSQL writes it; a driver's list of integers takes its width from the first."""
    return "{" + ",".join(map(str, values)) + "}"


def table_of(dialect: Dialect, name: str, rows: Sequence[tuple[int, int]]) -> Sql:
    """Pairs of numbers as a FROM item with columns `a` and `b`."""
    if dialect == "sqlite":
        columns = "(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(?))"
        return Sql(f"{columns} {name}", (orjson.dumps(list(rows)).decode(),))
    first, second = numbers(a for a, _ in rows), numbers(b for _, b in rows)
    return Sql(f"unnest(CAST(? AS bigint[]), CAST(? AS bigint[])) AS {name}(a, b)", (first, second))


def named(dialect: Dialect, name: str, rows: Sequence[tuple[int, str]]) -> Sql:
    """Pairs of a number and a text as a FROM item with columns `a` and `b`."""
    if dialect == "sqlite":
        columns = "(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(?))"
        return Sql(f"{columns} {name}", (json.dumps([list(r) for r in rows]),))
    first, second = numbers(a for a, _ in rows), [b for _, b in rows]
    return Sql(f"unnest(CAST(? AS bigint[]), CAST(? AS text[])) AS {name}(a, b)", (first, second))


def of_record(dialect: Dialect, table: str, a: str) -> Sql:
    """An index table about to be asked for the rows of one record. SQLite, without statistics, may guess wrong."""
    told = dialect == "sqlite" and table in ("token", "string", "date", "quantity")
    return Sql(f"{table} {a} INDEXED BY {table}_rid" if told else f"{table} {a}")


def contains(dialect: Dialect, column: str, text: str) -> Sql:
    """A literal substring; no character is a wildcard."""
    if dialect == "sqlite":
        return Sql(f"instr({column}, ?) > 0", (text,))
    return Sql(f"strpos({column}, ?) > 0", (text,))


def ends(dialect: Dialect, column: str, text: str) -> Sql:
    """Ends with `text`; no character is a wildcard."""
    if dialect == "sqlite":
        return Sql(f"substr({column}, -?) = ?", (len(text), text))
    return Sql(f"right({column}, CAST(? AS integer)) = ?", (len(text), text))


def prefix(column: str, text: str) -> Sql:
    """Begins with `text`, as a range a b-tree can walk (text sorts by its bytes)."""
    return Sql(f"{column} >= ? AND {column} < ?", (text, text + "\U0010ffff"))
