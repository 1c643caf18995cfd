"""How nodes agree: streams and receipts upward, a feed downward, and a proof that both show the same.

The core does no I/O: it asks a ledger, speaks in messages, and is carried by whoever wires it, or by the simulation.
"""

from hoso.sync.asking import Broken
from hoso.sync.ledger import Full, Ledger
from hoso.sync.peer import Peer, Tree
from hoso.sync.serving import answer
from hoso.sync.talking import Outcome, contact

__all__ = ["Broken", "Full", "Ledger", "Outcome", "Peer", "Tree", "answer", "contact"]
