"""Trains the zstd dictionary of stored bodies from the synthetic population and the R4 model: no person's data in it.

    .venv/bin/python scripts/train_dictionary.py NUMBER [--citizens N] [--seed S]

writes src/hoso/store/data/zstd-NUMBER.dict. A number that was ever released must not be written again: databases hold
bodies packed with it. Raise CURRENT in store/codec.py to ship a new one.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import zstandard

from hoso.core.ids import new_id
from hoso.fhir.json import splice
from hoso.fhir.model import load
from hoso.synth import population

SIZE = 112_640
MOST_OF_A_TYPE = 1_500
DATA = Path(__file__).parents[1] / "src" / "hoso" / "store" / "data"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("number", type=int)
    arguments.add_argument("--citizens", type=int, default=400)
    arguments.add_argument("--seed", type=int, default=20_261_123)
    chosen = arguments.parse_args()
    chance = random.Random(chosen.seed)
    samples = [*skeletons(), *records(chosen.citizens, chosen.seed, chance)]
    chance.shuffle(samples)
    dictionary = zstandard.train_dictionary(SIZE, samples, level=3)
    target = DATA / f"zstd-{chosen.number}.dict"
    target.write_bytes(dictionary.as_bytes())
    packed = zstandard.ZstdCompressor(level=3, dict_data=dictionary, write_dict_id=False)
    before, after = sum(map(len, samples)), sum(len(packed.compress(sample)) for sample in samples)
    print(f"{target}: {len(samples)} samples, {before} bytes packed into {after}, {before / after:.1f} to 1")


def records(citizens: int, seed: int, chance: random.Random) -> list[bytes]:
    """Bodies as they are stored, no type drowning the others."""
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for bundle in population(citizens, seed):
        for entry in bundle["entry"]:
            by_type[entry["resource"]["resourceType"]].append(entry["resource"])
    texts = []
    for resources in by_type.values():
        for resource in chance.sample(resources, min(len(resources), MOST_OF_A_TYPE)):
            texts.append(stored(orjson.dumps(resource), resource["id"]))
    return texts


def skeletons() -> list[bytes]:
    """The property names of every type as JSON has them, for records that the population does not know."""
    model = load()
    texts = []
    for name in model.resource_types:
        members: dict[str, Any] = {"resourceType": name}
        for key in model.types[name].properties:
            if key not in ("id", "meta"):
                members[key] = [{"system": "http://", "reference": f"{name}/", "coding": [{"code": "", "display": ""}]}]
        texts.append(stored(orjson.dumps(members), new_id()))
    return texts


def stored(body: bytes, id: str) -> bytes:
    return splice(body, id=id, version="1", updated="2026-11-23T01:02:03.004Z")


if __name__ == "__main__":
    main()
