#!/usr/bin/env python3
"""Checks a proof of `hoso audit proof` without HoSo: python3 check-audit-proof.py FILE LOGKEY [WITNESSKEY...]

Needs Python 3.9 and nothing else. LOGKEY is what `hoso audit key` prints: get it from somebody you trust, not together
with the file. Exit 0: nothing was changed or left out of the records in the file; the page from which the file
comes says how many you have. Exit 1: says what is wrong. Formats: docs/explanation/audit.md.
"""

import base64
import hashlib
import json
import pathlib
import sys

# Ed25519, RFC 8032
P, Q = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
TWIST = pow(2, (P - 1) // 4, P)


def need(true, what):
    if not true:
        raise SystemExit("WRONG / SAI: " + what)


def plus(a, b):
    k, m = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = m - k, d - c, d + c, m + k
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, a):
    found = (0, 1, 1, 0)
    while n:
        found, a, n = (plus(found, a) if n & 1 else found), plus(a, a), n >> 1
    return found


def point(data):
    y, odd = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    need(y < P, "a point off the curve")
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * TWIST % P
    need((x * x - square) % P == 0 and not (x == 0 and odd), "a point off the curve")
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, text, signature):
    need(len(signature) == 64, "a signature of another length")
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % Q
    left, right = times(s, BASE), plus(r, times(h, a))
    same = (left[0] * right[2] - right[0] * left[2]) % P == 0 == (left[1] * right[2] - right[1] * left[2]) % P
    return s < Q and same


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def checkpoint(note, vkey):
    """Size and root, when this key signed them; a witness (algorithm 4) signs the time along."""
    text, _, lines = note.rpartition("\n\n")
    text = (text + "\n").encode()
    name, id, packed = vkey.split("+", 2)
    key = base64.b64decode(packed)
    need(sha(name.encode() + b"\n" + key)[:4].hex() == id, "this is no key of a log: " + vkey)
    for line in lines.splitlines():
        _, who, data = line.split(" ", 2)
        data = base64.b64decode(data)
        if who == name and data[:4].hex() == id:
            body, signature = text, data[4:]
            if key[0] == 4:
                body = f"cosignature/v1\ntime {int.from_bytes(data[4:12], 'big')}\n".encode() + text
                signature = data[12:]
            need(signed(key[1:], body, signature), "the signature of " + name)
            origin, size, root = text.decode().splitlines()[:3]
            need(key[0] == 4 or origin == name, "a checkpoint of another log")
            return int(size), base64.b64decode(root)
    raise SystemExit("WRONG / SAI: not signed by " + name)


def in_tree(leaf, at, size, path, root):
    """RFC 9162, 2.1.3.2"""
    if not 0 <= at < size:
        return False
    last = size - 1
    for text in path:
        if last == 0:
            return False
        beside = base64.b64decode(text)
        if at & 1 or at == last:
            leaf = sha(b"\1", beside, leaf)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = sha(b"\1", leaf, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and leaf == root


def leaf_of(shown, subject, before):
    return sha(b"\0\1", subject, shown["number"].to_bytes(8, "big"), before,
               bytes.fromhex(shown["salt"]), shown["event"].encode())  # fmt: skip


def check(proof, log, witnesses):
    need(proof["format"] == "hoso-audit-proof/1", "an unknown form")
    size, root = checkpoint(proof["checkpoint"], log)
    for witness in witnesses:
        need(checkpoint(proof["checkpoint"], witness) == (size, root), "a witness saw another log")
    told = proof["map"]
    need(
        in_tree(leaf_of(told, bytes(16), bytes(32)), told["seq"], size, told["path"], root), "the map is not in the log"
    )
    said = json.loads(told["event"])
    need(said[4] == "audit-map" and said[2] == log.split("+")[0], "this is no map of counts")
    upto, people, map_root = said[13].split(" ")
    total, records = 0, proof["records"]
    need(records and len({record["subject"] for record in records}) == len(records), "no record, or one twice")
    for record in records:
        subject, before, shown = bytes.fromhex(record["subject"]), bytes(32), record["published"]
        head = bytes.fromhex(shown["head"])
        entry = sha(b"\0", subject, shown["count"].to_bytes(8, "big"), head)
        ok = in_tree(entry, shown["place"], int(people), shown["path"], bytes.fromhex(map_root))
        need(ok, "the published count is not in the map")
        need(len(record["events"]) >= shown["count"], "events were left out")
        for number, event in enumerate(record["events"], 1):
            where = f"event {event['seq']}"
            need(event["number"] == number, where + " has another number: one was left out")
            found = leaf_of(event, subject, before) if "event" in event else bytes.fromhex(event["leaf"])
            need(found.hex() == event["leaf"], where + " was changed")
            need(in_tree(found, event["seq"], size, event["path"], root), where + " is not in the log")
            need((event["seq"] < int(upto)) == (number <= shown["count"]), where + " was not counted")
            need(number != shown["count"] or found == head, where + " is not the last one counted")
            before = found
        total += len(record["events"])
    return total, len(records), size


if __name__ == "__main__":
    try:
        proof = json.loads(pathlib.Path(sys.argv[1]).read_text("utf-8"))
        total, records, size = check(proof, sys.argv[2], sys.argv[3:])
    except (OSError, IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise SystemExit(f"WRONG / SAI: not readable: {type(error).__name__} {error}") from error
    print(f"OK: {total} events of a log of {size}, none changed, none left out of {records} records")
    print(f"ĐÚNG: {total} sự kiện trong nhật ký có {size}, không bị sửa, không bị bỏ sót ở {records} hồ sơ")
