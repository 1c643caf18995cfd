"""Who may touch records, why, and who did: the one door between the outside and the store.

Every read and write names an actor and a purpose here; a path to records that does not pass here fails `make check`.
"""

from hoso.access.actor import Actor, Purpose
from hoso.access.errand import Activity, Channel, Errand, trace, usual_purpose
from hoso.access.notes import Notes
from hoso.access.records import Records, Written
from hoso.access.scope import Scopes
from hoso.access.tokens import Token, Tokens
from hoso.access.transaction import Done, execute
from hoso.store.code_aliases import AliasTable
from hoso.store.codes import CodeRow, CodeTable, Grant, HeldLease, OtherSecret
from hoso.store.codes import State as CodeState
from hoso.store.contract import (
    Conflict,
    DamagedFile,
    Draft,
    HistoryPage,
    Origin,
    Page,
    Reading,
    Saved,
    Transaction,
    Unavailable,
    Version,
)
from hoso.store.people import Entry, Hit, Known, Member, Near, PeopleRows, Person, Probe, joined, nearest
from hoso.store.people_log import Changed
from hoso.store.visible import Visible

__all__ = [
    "Activity",
    "Actor",
    "AliasTable",
    "Changed",
    "Channel",
    "CodeRow",
    "CodeState",
    "CodeTable",
    "Conflict",
    "DamagedFile",
    "Done",
    "Draft",
    "Entry",
    "Errand",
    "Grant",
    "HeldLease",
    "HistoryPage",
    "Hit",
    "Known",
    "Member",
    "Near",
    "Notes",
    "Origin",
    "OtherSecret",
    "Page",
    "PeopleRows",
    "Person",
    "Probe",
    "Purpose",
    "Reading",
    "Records",
    "Saved",
    "Scopes",
    "Token",
    "Tokens",
    "Transaction",
    "Unavailable",
    "Version",
    "Visible",
    "Written",
    "execute",
    "joined",
    "nearest",
    "trace",
    "usual_purpose",
]
