"""The register of facilities and staff of one node, as the doors are handed it."""

from __future__ import annotations

from dataclasses import dataclass

from hoso.access.organisation.facilities import Facilities
from hoso.access.organisation.posts import Posts
from hoso.access.organisation.staff import Staff
from hoso.access.records import Records
from hoso.store.contract import Store


@dataclass(frozen=True, slots=True)
class Organisation:
    posts: Posts
    facilities: Facilities
    staff: Staff

    @classmethod
    def of(cls, store: Store, records: Records) -> Organisation:
        posts = Posts(store, records.clock)
        return cls(posts, Facilities(store, records), Staff(store, records, posts))
