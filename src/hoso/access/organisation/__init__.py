"""Facilities, departments and staff: their FHIR records are the one truth about who acts where and as what.

`Posts` says in which role somebody may act now; `Facilities` and `Staff` change the records, as far as `guard` lets.
"""

from hoso.access.organisation.posts import Post, Posts

__all__ = ["Post", "Posts"]
