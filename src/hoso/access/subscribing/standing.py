"""Who a subscriber is now: with the rights it had when it subscribed, as far as it still has them, or nobody.

Only systems subscribe: a token of an operator's goes by its name, a registered client by its registration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from hoso.access.actor import Actor
from hoso.access.scope import Scopes


@dataclass(frozen=True, slots=True)
class Standing:
    """`holders`: whom the living tokens of a name stand for, the newest first. `registered`: a registered system by its
    id, with the most it may have; None when it is not approved.
    """

    holders: Callable[[str], Sequence[Actor]]
    registered: Callable[[str], Actor | None]

    def now(self, then: Actor) -> Actor | None:
        """Raises Unavailable when nobody can say."""
        kind, _, name = then.id.partition("/")
        if kind != "client" or then.role or then.client:
            return None
        own = self.holders(name)
        if own:
            return narrowed(then, next((one for one in own if one.scopes.contains(then.scopes)), own[0]))
        found = self.registered(name)
        return narrowed(then, found) if found is not None else None


def narrowed(then: Actor, now: Actor) -> Actor:
    """Neither more than it had nor more than it has."""
    if then.labels is None or now.labels is None:
        labels = now.labels if then.labels is None else then.labels
    else:
        labels = then.labels & now.labels
    return replace(now, scopes=_both(then.scopes, now.scopes), labels=labels, patient=then.patient)


def _both(then: Scopes, now: Scopes) -> Scopes:
    """What both hold. Of scopes for some categories that are not the same on both sides nothing is held."""
    if now.contains(then):
        return then
    return now if then.contains(now) else then.within(now.rights)
