"""Whether what a facility sent was signed, by whom, and whether it is what is read: verdicts are kept, never a refusal.

A file is refused for its signature only where the node's configuration asks for one.
"""

from hoso.exchange.signing.asking import Signatures
from hoso.exchange.signing.insurance import LIMIT, verify
from hoso.exchange.signing.making import Seal, Seals, Unfit
from hoso.exchange.signing.verdict import Verdict
from hoso.exchange.signing.who import Anchors, anchors

__all__ = ["LIMIT", "Anchors", "Seal", "Seals", "Signatures", "Unfit", "Verdict", "anchors", "verify"]
