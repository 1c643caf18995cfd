"""Writes docs/reference/permissions.md from the policy's matrix: `python scripts/permission_page.py`."""

from __future__ import annotations

from pathlib import Path

from hoso.access.policy.matrix import ACTIVITIES, Role, gives, kinds, role, roles
from hoso.fhir.labels import labels

PAGE = Path(__file__).parent.parent / "docs/reference/permissions.md"
YES, SOME, NO = "yes", "some", "–"

_REACH = {
    "tied": "persons with a relationship",
    "visited": "persons whom its facility ever received for a visit",
    "all": "all persons",
    "own": "the own record, and those of persons represented",
    "none": "no person at all",
}
_HEAD = """# Permissions

Made by `scripts/permission_page.py` from `src/hoso/access/policy/matrix.toml`; why is explained in
[Who may see what](../explanation/access.md). A cell says whether a role may do something with a kind of data at all;
whose records these are is the role's reach. Reading is not printing, exporting or sending, and what no cell permits is
refused.
"""


def page() -> str:
    return "\n".join([_HEAD, _kinds(), _given(), *(_role(row) for name in roles() if (row := role(name)))])


def _kinds() -> str:
    rows = ["| Kind | Types |", "|---|---|", *(f"| {kind} | {', '.join(types)} |" for kind, types in kinds().items())]
    return "\n".join(rows) + "\n"


def _given() -> str:
    """Which roles an administrator gives, by what they administer."""
    givers = {"a facility": "", "a department of health": "health_department", "the ministry": "ministry"}
    rows = [
        f"| {words} | {', '.join(name for name in roles() if gives(kind, name))} |" for words, kind in givers.items()
    ]
    head = "The administrator of … gives, within it and below, never to themselves"
    return "\n".join([f"| {head} | Roles |", "|---|---|", *rows]) + "\n"


def _role(row: Role) -> str:
    table = [f"| Kind | {' | '.join(ACTIVITIES)} |", "|---" * (len(ACTIVITIES) + 1) + "|"]
    for kind, types in kinds().items():
        table.append(f"| {kind} | {' | '.join(_cell(row.types[activity], types) for activity in ACTIVITIES)} |")
    return "\n".join([f"## {row.title} (`{row.name}`)", "", *_facts(row), "", *table, ""])


def _cell(covered: frozenset[str], types: tuple[str, ...]) -> str:
    held = [type for type in types if type in covered]
    return YES if len(held) == len(types) else NO if not held else f"{SOME}: {', '.join(held)}"


def _facts(row: Role) -> list[str]:
    cleared = [label.name for label in labels() if label.name in row.labels]
    treating = [label.name for label in labels() if label.name in row.treating - row.labels]
    also = f"; who treats, also {', '.join(treating)}" if treating else ""
    masked = [f"{type}.{name}" for type, names in row.masks.items() for name in names]
    facts = [
        f"- Reaches {_REACH[row.reach]}; for {', '.join(sorted(row.purposes))};"
        f" proof of the sign-in: {row.assurance or 'none'}.",
        f"- Labels: {', '.join(cleared) or 'none'}{also}.",
    ]
    if masked:
        facts.append(f"- Not shown: {', '.join(masked)}.")
    acts = {
        "receives people at the counter": row.identify,
        "opens a record in an emergency": row.emergency,
        "decides about apps and systems": row.administers,
    }
    does = [text for text, held in acts.items() if held]
    return [*facts, f"- {', '.join(does).capitalize()}."] if does else facts


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
