"""What one request has shown of whom, so that a page that asks ten things about a person is one event."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hoso.store.contract import Saved, Version


def subject(record: Version | Saved) -> int:
    """Number of the patient whose record it is; 0 for what is nobody's, which the store counts as its own."""
    return record.patient if record.type == "Patient" or record.patient != record.rid else 0


class Seen(msgspec.Struct):
    """Of one patient (0: of nobody): types of data, and "Type/id/version" of each record in the order it was shown."""

    patient: int
    types: set[str] = msgspec.field(default_factory=set)
    names: dict[str, None] = msgspec.field(default_factory=dict)


class Notes:
    """Of one request, by one thread."""

    def __init__(self) -> None:
        self._seen: dict[int, Seen] = {}
        self._asked = False

    def add(self, versions: Sequence[Version]) -> None:
        self._asked = True
        for version in versions:
            patient, type = subject(version), version.type
            seen = self._seen.get(patient)
            if seen is None:
                seen = self._seen[patient] = Seen(patient)
            seen.types.add(type)
            seen.names[f"{type}/{version.id}/{version.version}"] = None

    def take(self, *, also_nobody: bool = False) -> list[Seen]:
        """What was noted, and begins anew. Facilities and medicines that a person's record names are nobody's:

        they are told by themselves when nothing else was shown, or with `also_nobody`.
        """
        seen, asked = self._seen, self._asked
        self._seen, self._asked = {}, False
        people = [one for patient, one in seen.items() if patient]
        nobody = seen.get(0)
        if people:
            return [*people, nobody] if nobody and also_nobody else people
        return [nobody or Seen(0)] if asked else []
