"""Whether who made a change belongs to the node that brings it: a node may not speak for the people of another.

Staff are named by their Practitioner in streams, for an account's name means something at its own node alone. Systems
and commands have names of their node too; of those only another node's is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from hoso.access.organisation.posts import of_practitioner, upwards
from hoso.fhir.organisation import code_of, organization_of
from hoso.store.contract import Reading
from hoso.store.sync_nodes import NodeRow

STRANGER = "actor"
"""With this word begin the reasons given here."""
Belongs = Callable[[str, str], str | None]
"""Why a change of this actor may not come by a stream of this node, or None."""


def belonging(reading: Reading, rows: Mapping[str, NodeRow], others: Collection[str]) -> Belongs:
    """`others` are nodes that are not below. Made for one answer: a post that was found is not asked again."""
    nodes, found = {*rows, *others}, set[tuple[str, str]]()

    def belongs(node: str, actor: str) -> str | None:
        kind, _, id = actor.partition("/")
        facility = rows[node].facility if node in rows else ""
        if kind == "node" and id != node and id in nodes:
            return f"{STRANGER} of another node"
        if kind != "Practitioner" or not facility or (id, facility) in found:
            return None
        if facility not in _facilities(reading, id):
            return f"{STRANGER} of no post at {facility}"
        found.add((id, facility))
        return None

    return belongs


def _facilities(reading: Reading, practitioner: str) -> set[str]:
    """Of every post somebody has or had: what was written under one that ended since may come long after."""
    lines = (upwards(reading, organization_of(post)) for post in of_practitioner(reading, practitioner))
    return {code_of(line[-1]) for line in lines if line}
