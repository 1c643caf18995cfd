"""A node among nodes: its ledger, its key, whom it believes, and who stands where in the tree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from hoso.sync.batches import RECORDS
from hoso.sync.judging import Judge
from hoso.sync.keys import Keys, Signer
from hoso.sync.ledger import Ledger
from hoso.sync.messages import State
from hoso.sync.packing import SLOWLY
from hoso.sync.scope import Wants
from hoso.sync.stream import StreamId


class Tree(Protocol):
    """Who stands below whom, and whose records a node is to have; the hub decides."""

    @property
    def centre(self) -> str:
        """The node that has nothing above it."""
        ...

    def carries(self, neighbour: str, node: str) -> bool:
        """Whether a node's stream comes through this neighbour: it is the node itself, or stands above it."""
        ...

    def wants(self, node: str) -> Wants | None:
        """Whose records a node below is to have; None: everybody's."""
        ...


@dataclass(frozen=True, slots=True)
class Sizes:
    """Where a node stops to fill something, give or take one group."""

    batch: int = RECORDS
    """Records in a batch."""
    push: int = 512 * 1024
    """Bytes of batches in one request."""
    page: int = 256 * 1024
    """Bytes of records, or of batches, in one answer."""
    level: int = SLOWLY
    """How hard batches are packed."""


@dataclass(frozen=True, slots=True)
class Peer:
    """`hub` is the node above, None at the centre. `now` is only told to others: no order depends on it."""

    ledger: Ledger
    signer: Signer
    keys: Keys
    tree: Tree
    judge: Judge
    hub: str | None
    now: Callable[[], int]
    random: Callable[[int], bytes]
    sizes: Sizes = field(default_factory=Sizes)
    waits: Callable[[StreamId], bool] = lambda stream: False
    """Whether a stream is only kept for now: whoever wrote it may not write any more, or not at present."""
    late: Callable[[], bool] = lambda: False
    """Whether somebody has waited long enough for what was accepted to be judged; the rest is judged later."""
    tells: Callable[[], State | None] = lambda: None
    """What this node says of itself to its hub."""
    belongs: Callable[[str, str], str | None] = lambda node, actor: None
    """Why a change of this actor may not come by a stream of this node, or None."""

    @property
    def name(self) -> str:
        return self.signer.node
