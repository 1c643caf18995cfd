"""Is this record somebody we know? Pure functions from normalised records to a decision with its reasons.

`keys` finds, `compare` and `score` weigh, `decide` decides, `explain` says why; all of them without clock or store.
"""

from hoso.identity.match.candidates import rank
from hoso.identity.match.compare import compare
from hoso.identity.match.decide import Candidate, Decision, Policy, Standing, decide
from hoso.identity.match.explain import explain
from hoso.identity.match.keys import KINDS, Key, Kind, keys, probes, shareable
from hoso.identity.match.memory import MemoryIndex
from hoso.identity.match.packed import Packed, pack, packed, unpack
from hoso.identity.match.weights import Model, WeightsError, default_model

__all__ = [
    "KINDS",
    "Candidate",
    "Decision",
    "Key",
    "Kind",
    "MemoryIndex",
    "Model",
    "Packed",
    "Policy",
    "Standing",
    "WeightsError",
    "compare",
    "decide",
    "default_model",
    "explain",
    "keys",
    "pack",
    "packed",
    "probes",
    "rank",
    "shareable",
    "unpack",
]
