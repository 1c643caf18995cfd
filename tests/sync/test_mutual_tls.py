"""Nodes show certificates (mutual TLS 1.3) and speak for themselves alone; what is refused is in the log of the hub."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.sync.nearby import Hub, hub, shake, station
from tests.transit.certificates import authority, client

from hoso import compose, syncing
from hoso.api.patience import Patience
from hoso.core import system_clock
from hoso.sync import keyfile
from hoso.sync.line import Line, Unreachable
from hoso.sync.messages import Frame, Have, wrap
from hoso.transit.settings import Nodes, parse


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hub, compose.Node, compose.Node]]:
    folder = tmp_path_factory.mktemp("near")
    with (
        hub(folder) as above,
        station(folder / "a", above, "pa") as one,
        station(folder / "b", above, "pb") as other,
    ):
        yield above, one, other


def _frame(node: compose.Node, contact: int) -> bytes:
    above, below = syncing.upward(node.agreeing.keys), syncing.hub(node.agreeing)
    assert above is not None
    return wrap(below.signer, Frame(node.config.node, above.hub, contact.to_bytes(8, "big"), 1, Have((), 0)))


def test_stations_agree_with_their_hub_where_they_show_their_certificates(
    sites: tuple[Hub, compose.Node, compose.Node],
) -> None:
    above, one, other = sites
    for node in (one, other, one):
        calls = syncing.Calls.of(node.agreeing)
        assert calls is not None
        assert calls.contact().equal
    assert all(node.store.read("Patient", id) for node in (above.node, one) for id in ("pa", "pb"))
    assert above.told() == []


def test_whoever_shows_no_certificate_of_this_hub_is_refused_and_told(
    sites: tuple[Hub, compose.Node, compose.Node], tmp_path: Path
) -> None:
    above, one, _ = sites
    keys = one.agreeing.keys
    own = (keys / "node.pem", keys / "node.key")
    assert shake(above, own).startswith(b"HTTP/1.1 400")  # three letters are no frame
    assert shake(above, own, ssl.TLSVersion.TLSv1_2) == b""
    assert shake(above, None) == b""
    assert shake(above, client(authority(tmp_path), one.config.node)) == b""
    told = "\n".join(above.told())
    assert "certificate: no certificate" in told
    assert "certificate: unable to get local issuer certificate" in told or "certificate: self" in told


def test_a_certificate_speaks_for_its_own_node_and_no_other(sites: tuple[Hub, compose.Node, compose.Node]) -> None:
    above, one, other = sites
    keys = one.agreeing.keys
    line = Line(f"https://localhost:{above.port}", above.trusted, (keys / "node.pem", keys / "node.key"))
    assert line.post("/sync", _frame(one, 1 << 50))
    with pytest.raises(Unreachable, match="400"):
        line.post("/sync", _frame(other, 1 << 50))
    line.close()
    assert any("certificate of another" in what for what in above.told())


def test_elsewhere_frames_are_refused_when_the_hub_takes_them_only_there(
    sites: tuple[Hub, compose.Node, compose.Node],
) -> None:
    above, one, _ = sites
    answers = syncing.door(above.parts, Patience(), Nodes(above.port, only=True))
    frame = _frame(one, 1 << 51)
    said: list[str] = []
    environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/sync", "REMOTE_ADDR": "127.0.0.1", "wsgi.input": BytesIO(frame)}
    answers(environ | {"CONTENT_LENGTH": str(len(frame))}, lambda status, headers: said.append(status))
    assert said[0].startswith("400")
    assert any("without its certificate" in what for what in above.told())


def test_an_authority_of_an_earlier_release_is_made_anew_of_the_same_key_and_says_its_use(tmp_path: Path) -> None:
    key, now = keyfile.own_key(tmp_path / "node.key", make=True), system_clock()
    old = (
        keyfile._builder(keyfile._named("HoSo n"), keyfile._named("HoSo n"), key.public_key(), now, 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, None)
    )
    (tmp_path / "authority.pem").write_bytes(old.public_bytes(Encoding.PEM))
    made = keyfile.authority(key, tmp_path / "authority.pem", "n", now)
    assert made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
    assert (made.public_key(), made.subject) == (old.public_key(), old.subject)
    assert keyfile.authority(key, tmp_path / "authority.pem", "n", now) == made


@pytest.mark.parametrize(
    "tls", [{"nodes_port": 70_000}, {"nodes_port": True}, {"nodes_only": True}, {"nodes_port": 8445}]
)
def test_settings_of_the_door_that_contradict_themselves_are_refused(tmp_path: Path, tls: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="nodes_"):
        parse(tmp_path, {"tls": tls}, "")
