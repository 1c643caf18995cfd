#!/usr/bin/env python3
"""Checks a table taken out of the audit log without HoSo: python3 check-audit-export.py FILE.csv LOGKEY

Needs Python 3.9, FILE.csv.note beside the table and check-audit-proof.py beside this script. LOGKEY is what
`hoso audit key` prints: get it from somebody you trust. Exit 0: this log's node made the table, unchanged since.
"""

import base64
import hashlib
import pathlib
import runpy
import sys

PROOF = runpy.run_path(str(pathlib.Path(__file__).with_name("check-audit-proof.py")))
need, signed = PROOF["need"], PROOF["signed"]


def check(table, note, vkey):
    """What the note says, when this key signed it and it is of this table."""
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    name, id, packed = vkey.split("+", 2)
    key = base64.b64decode(packed)
    need(key[0] == 1 and hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8] == id, "this is no key of a log")
    ours = [data for line in lines.splitlines() for _, who, data in [line.split(" ", 2)] if who == name]
    need(ours, "not signed by " + name)
    data = base64.b64decode(ours[0])
    need(data[:4].hex() == id and signed(key[1:], text.encode(), data[4:]), "the signature of " + name)
    said = text.splitlines()
    need(said[0] == "hoso-audit-export/1", "an unknown form")
    need(base64.b64decode(said[1]) == hashlib.sha256(table).digest(), "the table was changed")
    return said[2:]


if __name__ == "__main__":
    try:
        table = pathlib.Path(sys.argv[1])
        said = check(table.read_bytes(), pathlib.Path(f"{table}.note").read_text("utf-8"), sys.argv[2])
    except (OSError, IndexError, ValueError, TypeError) as error:
        raise SystemExit(f"WRONG / SAI: not readable: {type(error).__name__} {error}") from error
    print("Unchanged / Khong bi sua: " + "; ".join(said))
