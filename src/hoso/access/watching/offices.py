"""Tells when an office is left that somebody must hold: in the log and in the server's journal, once each time."""

from __future__ import annotations

import logging

from hoso.access.audit.event import Event
from hoso.access.audit.log import AuditLog
from hoso.access.organisation.overseers import Overseers

log = logging.getLogger(__name__)

SECONDS = 60.0


class Offices:
    def __init__(self, overseers: Overseers, audit: AuditLog, node: str) -> None:
        self._overseers, self._audit, self._node = overseers, audit, node
        self._known: frozenset[str] = frozenset()

    def step(self) -> bool:
        """Never asks to go on at once. A process that takes the turn tells what it finds, also what is known."""
        now = frozenset(self._overseers.vacant())
        for office in sorted(now - self._known):
            log.warning("nobody can sign in as %s: hoso user create, unlock or reset-mfa", office)
            self._tell("office-vacant", office)
        for office in sorted(self._known - now):
            self._tell("office-filled", office)
        self._known = now
        return False

    def _tell(self, kind: str, office: str) -> None:
        told = Event(
            time=self._audit.now(), actor=f"node/{self._node}", action="E", kind=kind, channel="automatic", what=office
        )
        self._audit.journal.tell([told])
