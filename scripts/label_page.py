"""Writes docs/reference/labels.md from the list of labels: `python scripts/label_page.py`."""

from __future__ import annotations

from pathlib import Path

from hoso.access.policy.matrix import role, roles
from hoso.fhir.labels import Label, labels, sealed, system
from hoso.fhir.labels.names import NOBODY, table

PAGE = Path(__file__).parent.parent / "docs/reference/labels.md"

_HEAD = f"""# Labels

Made by `scripts/label_page.py` from `src/hoso/fhir/labels/labels.toml` and `src/hoso/access/policy/matrix.toml`; what
labels do is explained in [Who may see what](../explanation/access.md). A token of the operator sees all that is shown
to anybody, unless it was narrowed (`hoso token create --labels`); an app or a system sees what the administrator gave.

In `meta.security` a label has the system `{system()}`. One that no person wrote there carries `"userSelected": false`.
"""


def page() -> str:
    parts = [_HEAD, _table(), _said(), _hand(), _inherited()]
    return "\n".join(parts)


def _table() -> str:
    rows = [
        "| Label | Nhãn | Who sees such records | Emergency opens it | Why it is closed |",
        "|---|---|---|---|---|",
    ]
    for label in labels():
        opens = "no" if label.name in sealed() else "yes"
        rows.append(f"| `{label.name}`: {label.en} | {label.vi} | {_readers(label)} | {opens} | {label.source} |")
    return "\n".join(rows) + "\n"


def _readers(label: Label) -> str:
    if label.bit == NOBODY:
        return "nobody"
    found = []
    for name in roles():
        row = role(name)
        assert row is not None
        if label.name in row.labels:
            found.append(row.title)
        elif label.name in row.treating:
            found.append(f"{row.title} who treats")
    return ", ".join(found) or "no role"


def _said() -> str:
    lines = ["## Codes that say a label", "", "A code of ICD-10 or ATC stands for all below it.", ""]
    for label in labels():
        for kind, codes in label.lists.items():
            title = f"not {kind.removesuffix('_without')}" if kind.endswith("_without") else kind
            lines.append(f"- `{label.name}`, {title}: {', '.join(codes)}")
    lines += [
        "",
        "Systems: " + "; ".join(f"{kind}: {', '.join(uris)}" for kind, uris in table()["systems"].items()) + ".",
    ]
    return "\n".join(lines) + "\n"


def _hand() -> str:
    lines = ["## Codes of HL7 that mean a label when they are given by hand", ""]
    for uri, codes in table()["hand"]["codes"].items():
        lines.append(f"- {uri}: " + ", ".join(f"{code} → `{name}`" for code, name in codes.items()))
    return "\n".join(lines) + "\n"


def _inherited() -> str:
    lines = ["## From what a record inherits", "", "| Type | Search parameters | Other elements | Passes on to files |"]
    lines.append("|---|---|---|---|")
    for type, entry in table()["inherit"].items():
        cells = [", ".join(entry.get(kind, ())) for kind in ("params", "elements", "gives")]
        lines.append(f"| {type} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
