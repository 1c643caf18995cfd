"""A client for the tests: calls the WSGI application in this process, without a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any

from hoso.access import AliasTable, CodeTable, Records, Tokens
from hoso.access.audit.journal import PlainJournal
from hoso.access.guides import Guides
from hoso.access.organisation.overseers import Overseers
from hoso.access.organisation.posts import Posts
from hoso.access.trail import Trail
from hoso.api.app import application
from hoso.api.doors import Identity
from hoso.api.links import Seal
from hoso.core import system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.code import Centre, Codes
from hoso.identity.leading import align
from hoso.identity.match.decide import Policy
from hoso.identity.match.weights import default_model
from hoso.identity.matching import Matching
from hoso.identity.steward import Steward
from hoso.store.guides import GuideTable
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable

JSON = "application/fhir+json"


@dataclass(frozen=True)
class Settings:
    base_url: str = "http://hoso.test"
    largest_request: int = 2_000_000

    @property
    def fhir_url(self) -> str:
        return self.base_url


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def keys(self) -> list[str]:
        """The catalogue keys of an OperationOutcome, which name what was wrong."""
        assert self.json["resourceType"] == "OperationOutcome", self.body
        return [issue["diagnostics"] for issue in self.json["issue"]]

    @property
    def resources(self) -> list[dict[str, Any]]:
        return [entry["resource"] for entry in self.json.get("entry", [])]

    def link(self, relation: str) -> str | None:
        return next((one["url"] for one in self.json["link"] if one["relation"] == relation), None)


class Caller:
    """`caller("GET", "Patient/1")`; paths are below /fhir unless they begin with a slash or an address."""

    codes: Codes
    """Of a node with persons."""

    def __init__(self, store: RecordStore, scope: str = "system/*.cruds", settings: Settings | None = None) -> None:
        self.records = Records(store, system_clock)
        self.tokens = Tokens(TokenTable(store.engine), system_clock)
        self.settings = settings or Settings()
        over = Overseers(store, Posts(store, system_clock), lambda who: True)
        self.trail = Trail(store, PlainJournal(store), system_clock, "hoso.audit/test-node", over)
        self.guides = Guides(GuideTable(store.engine), self.records.code_lists.library)
        seal = Seal(b"k" * 32)
        self.app = application(self.records, self.tokens, seal, self.settings, trail=self.trail, guides=self.guides)
        self.token: str | None = self.tokens.create("test", scope)

    @classmethod
    def with_persons(cls, store: RecordStore, population: int = 1_000_000) -> Caller:
        """A node that knows persons, among so many."""
        made = cls(store)
        matching = Matching(default_model(), Policy(), system_clock)
        matching._counted = (1 << 60, population)
        tables = CodeTable(store.engine), AliasTable(store.engine)
        codes = Codes(*tables, system_clock, "test-node", Centre(bytes(32), bytes(range(32))))
        made.codes = codes
        made.records = Records(
            store, system_clock, Arrivals(matching, codes.new, system_clock, partial(align, codes, store.people))
        )
        steward = Steward(made.records, codes, matching)
        made.app = application(
            made.records, made.tokens, Seal(b"k" * 32), made.settings, identity=Identity(matching, steward)
        )  # fmt: skip
        return made

    def holding(self, scope: str, name: str = "other") -> Caller:
        """The same server for somebody else."""
        other = object.__new__(Caller)
        other.__dict__.update(self.__dict__)
        other.token = self.tokens.create(name, scope)
        return other

    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> Answer:
        path = path.removeprefix(f"{self.settings.base_url}/fhir").removeprefix("/") if "://" in path else path
        where, _, query = (path if path.startswith("/") else f"/fhir/{path}" if path else "/fhir").partition("?")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": where,
            "QUERY_STRING": query.encode().decode("latin-1"),  # as WSGI hands over what is not escaped
            "HTTP_HOST": "hoso.test",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(data),
        }
        if self.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        if method in ("POST", "PUT", "PATCH"):
            environ |= {"CONTENT_LENGTH": str(len(data)), "CONTENT_TYPE": headers.pop("Content_Type", JSON)}
        environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        seen: list[Any] = []
        result = self.app(environ, lambda status, fields: seen.extend((status, fields)))
        text = b"".join(result)
        close = getattr(result, "close", None)
        if close:
            close()
        return Answer(int(seen[0].split()[0]), dict(seen[1]), text)

    def found(self, search: str) -> list[str]:
        """The ids of what a search that must succeed finds, sorted."""
        answer = self("GET", search)
        assert answer.status == 200, (search, answer.body)
        return sorted(one["id"] for one in answer.resources)

    def make(self, type: str, **members: Any) -> dict[str, Any]:
        """Creates a resource and returns it as stored."""
        answer = self("POST", type, {"resourceType": type, **members})
        assert answer.status == 201, answer.body
        found: dict[str, Any] = answer.json
        return found
