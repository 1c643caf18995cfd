"""The process that is killed: fills the index of an added search parameter one record at a time, a line for each.

Arguments: URL, key in hex.
"""

from __future__ import annotations

import sys

from hoso.store import filling
from hoso.store.contract import StoreConfig
from hoso.store.opening import open_store


def main() -> None:
    url, key = sys.argv[1:]
    filling.CHUNK, filling.GRACE_MS = 1, -1
    store = open_store(StoreConfig(url, bytes.fromhex(key) or None, "test-node"))
    while filling.step(store):
        print("one", flush=True)


if __name__ == "__main__":
    main()
