"""The audit log: who did what to whose record, in a tree of hashes that shows any change and anything left out.

`event` and `journal` are how it is told; what proves it (tree, sealer, checkpoints) works afterwards, from its rows.
"""

from hoso.access.audit.event import Action, Event, Outcome, Unreadable, canonical
from hoso.access.audit.journal import Journal, PlainJournal

__all__ = ["Action", "Event", "Journal", "Outcome", "PlainJournal", "Unreadable", "canonical"]
