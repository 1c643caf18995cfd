"""The process that is killed: writes without pause and prints what was acknowledged, one line each, flushed.

Arguments: URL, key in hex, a number that keeps its names apart from those of the runs before.
"""

from __future__ import annotations

import random
import sys
import threading

from tests.store.samples import WHO, delete, observation, patient, put

from hoso.store.contract import StoreConfig, Unavailable
from hoso.store.opening import open_store
from hoso.store.record_store import RecordStore

WRITERS = 4
_print = threading.Lock()


def write(store: RecordStore, run: int, writer: int) -> None:
    chance = random.Random(run * 100 + writer)
    for number in range(1_000_000):
        name = f"{run}-{writer}-{number}"
        drafts = [put(patient(), name), put(observation(f"Patient/{name}"), name), put(patient(), f"shared-{writer}")]
        if chance.random() < 0.2:
            drafts.append(delete("Observation", f"{run}-{writer}-{number - 1}"))
        try:
            saved = store.save(drafts, WHO)
        except Unavailable:
            continue
        with _print:
            for each in (each for each in saved if each.outcome != "unchanged"):
                print(f"{each.type}/{each.id}/{each.version}", flush=False)
            sys.stdout.flush()


def main() -> None:
    url, key, run = sys.argv[1:]
    store = open_store(StoreConfig(url, bytes.fromhex(key) or None, "test-node"))
    threads = [threading.Thread(target=write, args=(store, int(run), number)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
