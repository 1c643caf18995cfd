"""The only place where parts are wired: a node's folder becomes a store, the door to its records, and a WSGI callable.

Settings stand in DIR/config.toml and secrets in DIR/keys; nothing below this file reads either.
"""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso import (
    deposits,
    exports,
    gateways,
    imports,
    keyfolder,
    knowledge,
    outbound,
    overseeing,
    rotation,
    streams,
    subscriptions,
    syncing,
)
from hoso.core import Refused, new_id, practice, system_clock
from hoso.keyfolder import BadConfig as BadConfig
from hoso.keyfolder import Keys as Keys
from hoso.keyfolder import OpenKey as OpenKey
from hoso.keyfolder import SealingKeys as SealingKeys
from hoso.keyfolder import carried as carried
from hoso.keyfolder import key_files as key_files
from hoso.keyfolder import read_keys as read_keys
from hoso.template import TEMPLATE, quotable
from hoso.transit.settings import Transit
from hoso.transit.settings import parse as parse_transit
from hoso.web.accounts.rules import Rules
from hoso.web.accounts.rules import parse as parse_rules
from hoso.web.national.settings import Provider
from hoso.web.national.settings import parse as parse_national

if TYPE_CHECKING:
    from hoso.access import Actor, Errand
    from hoso.access.audit import Journal
    from hoso.access.audit.log import AuditLog
    from hoso.access.break_glass import BreakGlass
    from hoso.access.citizen.desk import Desk
    from hoso.access.counter import Counter
    from hoso.access.demands import Required
    from hoso.access.guides import Guides
    from hoso.access.inspecting import Inspection
    from hoso.access.organisation import Posts
    from hoso.access.organisation.overseers import Overseers
    from hoso.access.organisation.register import Organisation
    from hoso.access.records import Records
    from hoso.access.tokens import Issued, Tokens
    from hoso.access.watching.watch import Watch
    from hoso.api.app import Application, Environ, StartResponse
    from hoso.exchange.intake import Intake
    from hoso.exchange.outbound.desk import Outbox
    from hoso.identity.arrive import Arrivals
    from hoso.identity.code import Codes
    from hoso.identity.matching import Matching
    from hoso.identity.steward import Steward
    from hoso.store import StoreConfig
    from hoso.store.doctor import Finding
    from hoso.store.record_store import RecordStore
    from hoso.sync.overview import Overview
    from hoso.web.accounts.hiring import Hired

LARGEST_FORM = 10_000_000
WEIGHTS = "match-weights.toml"
"""The installed weights of the matcher, in the folder of the node."""


@dataclass(frozen=True, slots=True)
class Config:
    folder: Path
    node: str
    name: str
    database: str
    base_url: str
    largest_request: int
    keys: Keys
    jwks_hosts: tuple[str, ...] = ()
    jwks_authorities: Path | None = None
    sign_in: Rules = field(default_factory=Rules)
    national: Provider | None = None
    """Who vouches for citizens."""
    daily_sample: int = 5
    full_text: bool = False
    witnesses: tuple[str, ...] = ()
    """Those who witness the audit log: "KEY ADDRESS"."""
    spool: Path | None = None
    transit: Transit = field(default_factory=Transit)
    profiles: Required = field(default_factory=dict)
    subscriptions: subscriptions.Settings = field(default_factory=subscriptions.Settings)
    mllp: streams.Settings = field(default_factory=streams.Settings)
    gateway: gateways.Settings = field(default_factory=gateways.Settings)
    sending: outbound.Settings = field(default_factory=outbound.Settings)

    @property
    def fhir_url(self) -> str:
        """Under which address /fhir is answered; empty: the one that was asked."""
        return self.transit.fhir_url or self.base_url

    @property
    def fhir_base(self) -> str:
        """Under which address a record of this node is; empty when nobody said."""
        return f"{self.fhir_url}/fhir" if self.fhir_url else ""


@dataclass(frozen=True, slots=True)
class Node:
    """A running node: what the doors (api, web, cli) are handed."""

    config: Config
    store: RecordStore
    records: Records
    tokens: Tokens
    codes: Codes
    steward: Steward
    matching: Matching
    audit: AuditLog
    counter: Counter
    emergencies: BreakGlass
    watch: Watch
    inspection: Inspection
    citizens: Desk
    organisation: Organisation
    guides: Guides

    @property
    def journal(self) -> Journal:
        return self.audit.journal

    @property
    def agreeing(self) -> syncing.Parts:
        return syncing.Parts(
            self.config.folder, self.config.node, self.store, self.records, self.journal, self.matching, self.codes,
            _named(self.config),
        )  # fmt: skip

    @property
    def agreement(self) -> Overview:
        return syncing.overview(self.agreeing)

    @property
    def intake(self) -> Intake:
        return deposits.intake(self.store, self.records, self.journal, gateways.signatures(self.config.gateway))

    @property
    def outbox(self) -> Outbox:
        config = self.config
        return outbound.outbox(
            config.sending, config.keys.pages, self.store, self.records, self.journal, config.node, config.fhir_base
        )

    def close(self) -> None:
        self.store.close()


def exists(folder: Path) -> bool:
    return (folder / "config.toml").is_file()


def create(folder: Path, database: str | None = None, *, station: bool = False) -> Config:
    """Makes what is missing of a node: folder, keys, config.toml, schema. What is there stays.

    A `station` gives out only the citizen codes that it was leased; any other node makes its own, and of the nodes
    that exchange records only one may: two of them would give the same codes.
    """
    from hoso import keeping
    from hoso.store import create_store

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "keys").mkdir(exist_ok=True, mode=0o700)
    if not exists(folder):
        keyfolder.make(folder / "keys", centre=not station)
        node = new_id()
        keyfolder.write_secret(
            folder / "config.toml",
            TEMPLATE.format(id=node, name=quotable(folder.resolve().name), url=quotable(database or "sqlite")),
        )
    config = load(folder)
    keeping.records(config)
    create_store(store_config(config))
    prepare(config)
    return config


def prepare(config: Config) -> None:
    """The accounts' tables and what stands in them, as this release has them; at every start, safe to repeat."""
    from hoso import keeping
    from hoso.store import open_store
    from hoso.web.accounts import hiring

    keeping.accounts(config, lambda: open_store(store_config(config)))
    if hiring.waiting(config):
        node = open(config.folder)
        try:
            hiring.settle(config, node.organisation, operator(config))
        finally:
            node.close()


def hire(config: Config, username: str, role: str, facility: str, password: str | None = None, **more: Any) -> Hired:
    """An account with its first role, by the operator. Raises AccountProblem or Refused."""
    from hoso.web.accounts import hiring

    node = open(config.folder)
    try:
        return hiring.hire(config, node.organisation, operator(config), username, role, facility, password, **more)
    finally:
        node.close()


def operator(config: Config) -> Errand:
    """Of whoever has the machine."""
    return _upkeep(config.node)


def load(folder: Path) -> Config:
    """Reads a node's settings and keys. Raises FileNotFoundError without a node, BadConfig for a broken one."""
    file = folder / "config.toml"
    rotation.recover(folder)
    keyfolder.check_hub(folder / "sync")
    try:
        read = practice.kept_in(folder, tomllib.loads(file.read_text("utf-8")))
        http = read["http"]
        keyfolder.complete(folder / "keys")
        url = str(read["database"]["url"])
        return Config(
            folder=folder,
            node=str(read["node"]["id"]),
            name=str(read["node"]["name"]),
            database=f"sqlite:///{folder.resolve() / 'hoso.db'}" if url == "sqlite" else url,
            base_url=str(http["base_url"]).rstrip("/"),
            largest_request=int(http["largest_request_mb"]) * 1_000_000,
            keys=read_keys(folder / "keys"),
            jwks_hosts=tuple(_host(text) for text in read.get("oauth", {}).get("jwks_hosts", ())),
            jwks_authorities=_file(folder, read.get("oauth", {}).get("jwks_authorities", "")),
            sign_in=parse_rules(read.get("sign_in", {})),
            national=parse_national(read.get("national", {}), folder),
            daily_sample=_number(read.get("identity", {}).get("daily_sample", 5)),
            full_text=knowledge.full_text(read.get("search", {})),
            spool=_file(folder, read.get("audit", {}).get("spool", "")),
            witnesses=tuple(_witness(text) for text in read.get("audit", {}).get("witnesses", ())),
            profiles=knowledge.required(read.get("profiles", {})),
            transit=parse_transit(folder, read, str(http["base_url"]).rstrip("/")),
            subscriptions=subscriptions.parse(read.get("subscriptions", {}), folder),
            mllp=streams.parse(read.get("mllp", {}), folder),
            gateway=gateways.parse(read.get("gateway", {}), folder),
            sending=outbound.parse(read.get("sending", {}), folder),
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise BadConfig(file, str(error)) from error
    except KeyError as error:
        raise BadConfig(file, f"no {error.args[0]}") from error


def _host(text: str) -> str:
    """Raises ValueError for what names no host."""
    from hoso.access.outward import Host

    Host.parse(text)
    return text


def _number(value: int) -> int:
    """Raises ValueError for what is no count."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"daily_sample = {value!r}")
    return value


def _witness(text: str) -> str:
    """Raises ValueError for what is no witness."""
    from hoso.access.audit.asking import Watcher

    Watcher.parse(text)
    return text


def _file(folder: Path, name: str) -> Path | None:
    return folder / name if name else None


def store_config(config: Config) -> StoreConfig:
    from hoso.store import StoreConfig

    encrypted = config.database.startswith("sqlite:")
    key = config.keys.database if encrypted else None
    return StoreConfig(config.database, key, config.node, SealingKeys(config.folder / "keys"))


def open(folder: Path) -> Node:
    """Opens the store of the node in `folder` and the door to it."""
    from hoso.access.counter import Counter
    from hoso.access.organisation.register import Organisation
    from hoso.access.records import Records
    from hoso.access.tokens import Tokens
    from hoso.identity.steward import Steward
    from hoso.store import open_store
    from hoso.store.grants import GrantTable
    from hoso.store.tokens import TokenTable

    config = load(folder)
    collect_seldom()
    store = open_store(store_config(config))
    codes = _codes(config.node, config.keys, store)
    compared = matching(folder)
    log = audit_log(config, store)
    admission = subscriptions.admission(config.subscriptions, config.keys.pages)
    records = Records(store, system_clock, arrivals(codes, compared, store), log.journal, admission)
    known = knowledge.guides(store, records, config.profiles)
    organisation = Organisation.of(store, records)
    tokens = Tokens(TokenTable(store.engine), system_clock, issued=_issued(config, organisation.posts))
    steward = Steward(records, codes, compared)
    counter = Counter(store, records, log.journal)
    given = GrantTable(store.engine)
    over = overseeing.overseers(config, store, organisation.posts)
    emergencies = overseeing.emergencies(store, given, over, log)
    citizens = overseeing.desk(store, records, log, given, over)
    watch = overseeing.watch(store, over, log)
    inspection = overseeing.inspection(store, over, log)
    people = (counter, emergencies, watch, inspection, citizens, organisation)
    return Node(config, store, records, tokens, codes, steward, compared, log, *people, known)


def audit_log(config: Config, store: RecordStore) -> AuditLog:
    """Signed by a key of its own under a name that is the node's for ever."""
    from hoso.access.audit.asking import Watcher
    from hoso.access.audit.log import AuditLog
    from hoso.access.audit.note import Signer
    from hoso.access.audit.spool import Spool

    witnesses = [Watcher.parse(text) for text in config.witnesses]
    spool = Spool(config.spool, config.keys.audit) if config.spool else None
    signer = Signer.of(f"hoso.audit/{config.node}", config.keys.audit)
    return AuditLog(store, signer, system_clock, witnesses, spool=spool)


def _issued(config: Config, posts: Posts) -> Issued:
    """Tokens of apps and systems, asked of the accounts' database; Django is only started when one comes."""

    def actor(token: str) -> Actor | None:
        from hoso.web.configure import configured

        configured(config)
        from hoso.web.oauth import bearer

        return bearer.actor(token, posts)

    return actor


def _named(config: Config) -> Callable[[str], str]:
    """Actors as other nodes know them; Django is only started when somebody with an account wrote."""

    def named(actor: str) -> str:
        from hoso.web.accounts import registry

        return registry.record_of(config, actor) if actor.startswith("user/") else actor

    return named


def _registered(config: Config) -> Callable[[str], Actor | None]:
    def system(name: str) -> Actor | None:
        from hoso.web.configure import configured

        configured(config)
        from hoso.web.oauth import bearer

        return bearer.system(name)

    return system


def matching(folder: Path | None = None, weights: Path | None = None) -> Matching:
    """What a node tells people apart by: one for arrivals and for those who ask, so that they decide alike.

    `weights` is a file to try; else the one that was installed, else the one shipped.
    """
    from hoso.identity.match.decide import Policy
    from hoso.identity.match.frequency import shipped
    from hoso.identity.match.weights import WeightsError, default_model, read
    from hoso.identity.matching import Matching

    installed = folder / WEIGHTS if folder else None
    if weights is None and installed is not None and installed.is_file():
        try:
            return Matching(read(installed, shipped()), Policy(), system_clock)
        except WeightsError as error:
            raise BadConfig(installed, str(error)) from error
    return Matching(read(weights, shipped()) if weights else default_model(), Policy(), system_clock)


def install_weights(folder: Path, text: str) -> None:
    """In place of those there, whole or not at all; processes that serve read them when they start."""
    fresh = folder / f"{WEIGHTS}.new"
    fresh.unlink(missing_ok=True)
    keyfolder.write_secret(fresh, text)
    fresh.replace(folder / WEIGHTS)


def arrivals(codes: Codes, compared: Matching, store: RecordStore) -> Arrivals:
    """Identity at the door of the records: whoever arrives is compared with everybody who is known."""
    from hoso.identity.arrive import Arrivals
    from hoso.identity.leading import align

    return Arrivals(
        compared,
        codes.new,
        system_clock,
        lambda persons: align(codes, store.people, persons),
        lambda: store.people,
    )


def upkeep(node: Node) -> None:
    """What goes on in a process that serves: the log is sealed and witnessed, and identity goes its rounds."""
    from hoso.access.audit.running import Turn
    from hoso.access.parameters import keep
    from hoso.access.working import Working
    from hoso.identity.rounds import SECONDS, Rounds
    from hoso.store.jobs import Jobs

    folder, store = node.config.folder, node.store
    node.audit.start(folder / "sealer.lock")
    placing = arrivals(node.codes, node.matching, store)
    rounds = Rounds(node.records, placing, Jobs(store.engine), system_clock, node.config.daily_sample)
    keep(node.records.parameters, store, folder, node.config.full_text)
    Working("rounds", rounds.step, Turn(folder / "rounds.lock"), SECONDS)
    config, key, journal = node.config, node.config.keys.pages, node.journal
    exports.upkeep(folder, key, store, journal)
    overseeing.upkeep(folder, store, node.audit, _overseers(node), config.node)
    imports.upkeep(folder, key, store, node.records)
    deposits.upkeep(folder, node.intake)
    if practice.is_practice(folder):
        return  # nothing leaves it
    outbound.upkeep(folder, node.outbox)
    streams.upkeep(config.mllp, config.transit, folder, store, node.intake)
    subscriptions.upkeep(
        config.subscriptions, folder, key, store, journal, node.tokens, _registered(config), config.node,
        config.fhir_url,
    )  # fmt: skip
    syncing.upkeep(node.agreeing)


def _overseers(node: Node) -> Overseers:
    return overseeing.overseers(node.config, node.store, node.organisation.posts)


def rebuild_people(node: str, keys: Keys, store: RecordStore, seen: Callable[[int], None]) -> None:
    """Makes anew who belongs to whom and what newcomers are compared with: a backup holds the ledger, not its views."""
    from hoso.access.audit.journal import Silence
    from hoso.access.records import Records
    from hoso.identity.rebuild import rebuild

    records = Records(store, system_clock, journal=Silence())
    rebuild(records, _upkeep(node), matching(), _codes(node, keys, store), seen)


def people_check(node: str, keys: Keys, store: RecordStore) -> Finding:
    """Whether who belongs to whom is what the link ledger says, and citizen codes lead there."""
    from hoso.access.audit.journal import Silence
    from hoso.access.records import Records
    from hoso.identity.rebuild import compare
    from hoso.store.doctor import finding

    records = Records(store, system_clock, journal=Silence())
    looked_at, faults = compare(records, _upkeep(node), _codes(node, keys, store))
    return finding("people", looked_at, faults)


def _upkeep(node: str) -> Errand:
    from hoso.access import Actor, Errand, Scopes

    return Errand(Actor(f"node/{node}", Scopes.parse("system/*.cruds")), "SYSADMIN", "command")


def _codes(node: str, keys: Keys, store: RecordStore) -> Codes:
    from hoso.access import AliasTable, CodeTable
    from hoso.identity.code import Centre, Codes

    centre = Centre(keys.codes, keys.signing) if keys.codes and keys.signing else None
    return Codes(CodeTable(store.engine), AliasTable(store.engine), system_clock, node, centre)


def collect_seldom() -> None:
    """A parsed bundle is thousands of dicts without a cycle; looking for one after every 700 costs an import 15 %."""
    gc.set_threshold(50_000, 20, 100)


def preload(folder: Path) -> None:
    """Imports what the workers will need, once, before they are forked; nothing is opened yet."""
    import hoso.access
    import hoso.api.app
    import hoso.store.search  # noqa: F401
    from hoso.web.wsgi import preload as pages

    pages(load(folder))
    gc.collect()
    gc.freeze()  # a collector that looks through shared memory would write to it, and so copy it for each worker


def application(node: Node) -> Application:
    """One WSGI callable for a worker: /fhir and /healthz to the systems' door, the rest to the people's."""
    from hoso.api.across import across
    from hoso.api.app import application as api
    from hoso.api.body import Bodies
    from hoso.api.cds import application as cds
    from hoso.api.cds import is_cds
    from hoso.api.doors import Identity
    from hoso.api.failure import failed
    from hoso.api.gateway import is_gateway
    from hoso.api.links import Seal
    from hoso.api.patience import Patience
    from hoso.api.syncing import is_sync
    from hoso.transit.edge import edge
    from hoso.transit.origins import answers, is_for_systems
    from hoso.web.oauth.origins import registered
    from hoso.web.wsgi import application as web

    patience = Patience()
    identity = Identity(node.matching, node.steward)
    withheld = node.citizens.looks.withheld
    trail = overseeing.trail(node.store, _overseers(node), node.audit, withheld)
    seal = Seal(node.config.keys.pages)
    bulk = exports.exports(node.config.folder, node.config.keys.pages, node.store, node.journal)
    taken = imports.imports(node.config.folder, node.config.keys.pages, node.store, node.journal)
    desk = subscriptions.desk(node.store, node.records, node.journal)
    answering = (trail, bulk, node.guides, desk, taken, node.intake, node.watch.vacant)
    systems = api(node.records, node.tokens, seal, node.config, patience, identity, *answering)
    people, forms = web(node), Bodies(min(LARGEST_FORM, node.config.largest_request), patience)
    systems_of_apps = across(systems, registered)
    advice = across(cds(node.records, node.tokens, node.config, patience), registered)
    incoming = Bodies(node.config.largest_request, patience)
    gateway = gateways.door(node.config.gateway, node.store, node.records, node.journal, node.intake, incoming)
    nodes = syncing.door(node.agreeing, patience, node.config.transit.nodes)

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if transit.fhir_url and not answers(environ, transit.fhir_name, transit.name):
            return refused(Refused.because(404, "not-found", "rest.no-such-place", path=path[:100]), start)
        if path in _FOR_APPS:
            return apps(environ, start)
        if is_sync(path):
            return nodes(environ, start)
        if is_gateway(path):
            return gateway(environ, start)
        if is_cds(path):
            return advice(environ, start)
        if is_for_systems(path) or path == "/healthz":
            return systems_of_apps(environ, start)
        return pages(environ, start)

    def pages(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            try:  # Django would wait for a slow sender without an end
                body = forms.read(environ, environ.get("REMOTE_ADDR", ""))
            except Refused as error:
                return refused(error, start)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        answer: Iterable[bytes] = people(environ, start)  # type: ignore[assignment]
        return answer

    def refused(error: Refused, start: StartResponse) -> Iterable[bytes]:
        response = failed(error)
        start(f"{response.status} Refused", response.headers)
        return [response.body] if isinstance(response.body, bytes) else response.body

    apps, transit = across(pages, registered), node.config.transit
    return edge(serve, transit.hosts, transit.proxies)


_FOR_APPS = frozenset(
    (
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/jwks",
        "/.well-known/smart-configuration",
        "/fhir/.well-known/smart-configuration",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    )
)
"""Pages of Django that apps call from their own pages."""
