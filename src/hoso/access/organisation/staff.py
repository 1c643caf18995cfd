"""Who works at a facility and as what: giving somebody a role for a time, and ending it.

A PractitionerRole is never changed into another role: one ends and another begins, so that history says who was what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from hoso.access.errand import Errand
from hoso.access.organisation.facilities import check_name, draft, every, unknown
from hoso.access.organisation.guard import homes
from hoso.access.organisation.posts import NOBODYS, Post, Posts, Resource, live, of_practitioner
from hoso.access.policy import matrix
from hoso.access.records import Records
from hoso.core.clock import from_ms, instant, to_ms
from hoso.core.dates import OPEN_HIGH, VIETNAM
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.organisation import period_of, practitioner_of, roles_of
from hoso.fhir.search import parse
from hoso.fhir.systems import ROLE
from hoso.store.contract import Draft, Reading, Store, Transaction

State = Literal["now", "later", "over"]
LONGEST = timedelta(days=5 * 366)
_KNOWN = UUID("5b0f3f0e-3d0c-4e0f-9a57-0c1a5d2f9b11")
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Held:
    """A PractitionerRole of ours with the name of whose it is. `until` is OPEN_HIGH without an end."""

    post: Post
    name: str
    state: State


class Staff:
    def __init__(self, store: Store, records: Records, posts: Posts) -> None:
        self._store, self._records, self._posts = store, records, posts

    # Reading

    def at(self, errand: Errand, organizations: Sequence[str]) -> list[Held]:
        """All who have or had a role at these organisations; those of now first, by name."""
        found = [one for id in organizations for one in self._at(errand, id)]
        order = {"now": 0, "later": 1, "over": 2}
        return sorted(found, key=lambda one: (order[one.state], one.name, one.post.since))

    def of(self, practitioner: str) -> list[Held]:
        """Every role of ours that somebody has or had, anywhere."""
        return self._held(of_practitioner(self._store, practitioner))

    def name(self, practitioner: str) -> str:
        return _name(self._store, practitioner)

    def _at(self, errand: Errand, organization: str) -> list[Held]:
        asked = [("organization", f"Organization/{organization}"), ("_count", str(_PAGE))]
        return self._held(every(self._records, errand, parse("PractitionerRole", asked)))

    def _held(self, resources: Sequence[Resource]) -> list[Held]:
        now = to_ms(self._records.clock())
        found = []
        for one in resources:
            post = self._posts.read(one)
            if post is not None:
                active = one.get("active") is not False
                state: State = "over" if not active or post.until <= now else "later" if now < post.since else "now"
                found.append(Held(post, _name(self._store, post.practitioner), state))
        return found

    # Writing

    def hire(
        self, errand: Errand, name: str, role: str, organization: str, since: date | None, until: date | None
    ) -> str:
        """Somebody new with their first role; answers with the id of the Practitioner. Raises Refused."""
        check_name(name)
        self._check(role, since, until)
        who = new_id()
        practitioner = {"resourceType": "Practitioner", "id": who, "active": True, "name": [{"text": name.strip()}]}
        given = self._role(who, role, organization, since, until)
        rights: list[tuple[Any, str]] = [("c", "Practitioner"), ("c", "PractitionerRole")]
        self._records.write(errand, rights, [], lambda _: [draft("POST", practitioner), draft("POST", given)])
        return who

    def give(
        self, errand: Errand, practitioner: str, role: str, organization: str, since: date | None, until: date | None
    ) -> str:
        """Answers with the id of the PractitionerRole. Raises Refused, also when they have the role there already."""
        self._check(role, since, until)
        given = self._role(practitioner, role, organization, since, until)

        def work(transaction: Transaction) -> Sequence[Draft]:
            if live(transaction, "Practitioner", practitioner) is None:
                raise Refused.because(
                    404, "not-found", "rest.not-found", type="Practitioner", id=practitioner[:64]
                )  # fmt: skip
            self._refuse_twice(transaction, given)
            return [draft("POST", given)]

        self._records.write(errand, [("c", "PractitionerRole")], [f"posts of {practitioner}"], work)
        return str(given["id"])

    def end(self, errand: Errand, id: str) -> Post | None:
        """Now, for every session and every app; None when it was no role of ours, or over already."""
        ended: list[Resource] = []

        def work(transaction: Transaction) -> Sequence[Draft]:
            found = live(transaction, "PractitionerRole", id)
            now = to_ms(self._records.clock())
            if found is None or not roles_of(found) or found.get("active") is False or period_of(found)[1] <= now:
                return []
            since = period_of(found)[0]
            period = {**found.get("period", {}), "end": instant(max(now, since))}
            ended[:] = [{**found, "active": False, "period": period}]
            return [draft("PUT", ended[0])]

        self._records.write(errand, [("u", "PractitionerRole")], [f"post {id}"], work)
        return self._posts.read(ended[0]) if ended else None

    def settle(self, errand: Errand, username: str, name: str, role: str, code: str) -> str:
        """The records of an account of before, under ids that a second attempt gives again; the Practitioner's id."""
        who, post = (str(uuid5(_KNOWN, f"{kind}/{errand.actor.id}/{username}")) for kind in ("practitioner", "post"))
        person = {"resourceType": "Practitioner", "id": who, "active": True, "name": [{"text": name or username}]}

        def work(transaction: Transaction) -> Sequence[Draft]:
            place, drafts = self._known(transaction, code)
            given = {**self._role(who, role, place, None, None), "id": post}
            return [*drafts, draft("PUT", person), draft("PUT", given)]

        rights: list[tuple[Any, str]] = [("c", "Organization"), ("u", "Practitioner"), ("u", "PractitionerRole")]
        self._records.write(errand, rights, [f"facility {code}"], work)
        return who

    def facility(self, errand: Errand, code: str) -> tuple[str, bool]:
        """Id of the Organization of a code, and whether it had to be added, with its code for a name. An operator's."""
        made: list[Draft] = []

        def work(transaction: Transaction) -> Sequence[Draft]:
            place[:], made[:] = [(known := self._known(transaction, code))[0]], known[1]
            return made

        place: list[str] = []
        self._records.write(errand, [("c", "Organization")], [f"facility {code}"], work)
        return place[0], bool(made)

    def _known(self, reading: Reading, code: str) -> tuple[str, list[Draft]]:
        met = sorted(homes(reading, code).values(), key=lambda one: (one.get("active") is False, one["id"]))
        if met:
            return str(met[0]["id"]), []
        made = unknown(code, new_id())
        return made["id"], [draft("POST", made)]

    def _check(self, role: str, since: date | None, until: date | None) -> None:
        if matrix.role(role) is None or role in NOBODYS:
            allowed = ", ".join(one for one in matrix.roles() if one not in NOBODYS)
            raise Refused.because(422, "value", "organisation.role", role=role[:64], roles=allowed)
        first = since or self._today()
        if until is not None and (until < first or until - first > LONGEST):
            raise Refused.because(422, "value", "organisation.period")

    def _refuse_twice(self, reading: Reading, given: Resource) -> None:
        for one in of_practitioner(reading, practitioner_of(given)):
            same = roles_of(one) == roles_of(given) and one.get("organization") == given["organization"]
            open_end = one.get("active") is not False and period_of(one)[1] > period_of(given)[0]
            if same and open_end and period_of(one)[0] < period_of(given)[1]:
                raise Refused.because(409, "duplicate", "organisation.twice")

    def _role(self, who: str, role: str, organization: str, since: date | None, until: date | None) -> Resource:
        start = since.isoformat() if since else instant(to_ms(self._records.clock()))
        return {
            "resourceType": "PractitionerRole",
            "id": new_id(),
            "active": True,
            "period": {"start": start, **({"end": until.isoformat()} if until else {})},
            "practitioner": {"reference": f"Practitioner/{who}"},
            "organization": {"reference": f"Organization/{organization}"},
            "code": [{"coding": [{"system": ROLE, "code": role}]}],
        }

    def _today(self) -> date:
        return self._records.clock().astimezone(VIETNAM).date()


def ends(post: Post) -> datetime | None:
    return None if post.until >= OPEN_HIGH else from_ms(post.until)


def _name(reading: Reading, practitioner: str) -> str:
    found = live(reading, "Practitioner", practitioner)
    names = (found or {}).get("name") or [{}]
    return str(names[0].get("text") or " ".join([names[0].get("family", ""), *names[0].get("given", ())]).strip())
