"""The register of facilities and staff of one node, as the doors are handed it."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.access.errand import Errand
from hoso.access.organisation.facilities import Facilities
from hoso.access.organisation.guard import Administration
from hoso.access.organisation.kinds import governs
from hoso.access.organisation.locations import Locations
from hoso.access.organisation.posts import Post, Posts
from hoso.access.organisation.staff import Staff
from hoso.access.policy import matrix
from hoso.access.records import Records
from hoso.store.contract import Store


@dataclass(frozen=True, slots=True)
class Organisation:
    store: Store
    posts: Posts
    facilities: Facilities
    locations: Locations
    staff: Staff

    def administers(self, errand: Errand, organization: str) -> bool:
        """Whether the caller looks after an organisation: their own facility, its departments, and what it governs."""
        row = matrix.role(errand.actor.role)
        return row is not None and row.administers and Administration(errand.actor, self.store).holds(organization)

    def answers_for(self, errand: Errand, practitioner: str) -> bool:
        """Whether the account of somebody is the caller's to close or to help: it opens nothing that is not theirs."""
        row = matrix.role(errand.actor.role)
        if row is None or not row.administers or practitioner == errand.actor.practitioner:
            return False
        own = Administration(errand.actor, self.store)
        held = [one.post for one in self.staff.of(practitioner) if one.state != "over"]
        return bool(held) and all(own.holds(one.organization) and matrix.gives(own.kind, one.role) for one in held)

    def decides(self, post: Post | None) -> bool:
        """Whether an administrator decides for the whole node, as about apps: where some govern, only they do."""
        row = matrix.role(post.role) if post else None
        return row is not None and row.administers and (
            (post is not None and governs(post.kind)) or not self.facilities.governed()
        )  # fmt: skip

    @classmethod
    def of(cls, store: Store, records: Records) -> Organisation:
        posts = Posts(store, records.clock)
        return cls(store, posts, Facilities(store, records), Locations(store, records), Staff(store, records, posts))
