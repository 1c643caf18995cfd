"""`hoso serve` with a certificate, on real sockets: what it speaks, what it refuses to start with, how it renews."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import threading
from pathlib import Path

import pytest
from tests.cli.serving import hoso
from tests.transit import certificates
from tests.transit.nodes import Served, configure, serving, wait_for

from hoso.transit.authority import Authority


def test_tls_1_3_is_spoken_and_nothing_older(node: Path, trusted: Authority) -> None:
    with serving(node) as served:
        context = certificates.trusting(trusted)
        answer = served.get(context)
        assert answer.status == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        with (
            socket.create_connection(("127.0.0.1", served.port)) as plain,
            context.wrap_socket(plain, server_hostname="hoso.test") as wrapped,
        ):
            assert wrapped.version() == "TLSv1.3"
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            served.get(context)
        with socket.create_connection(("127.0.0.1", served.port), timeout=10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: hoso.test\r\n\r\n")
            assert not plain.recv(1000).startswith(b"HTTP/1.1 2")


def test_tls_1_2_is_spoken_when_it_is_asked_for(node: Path, trusted: Authority) -> None:
    configure(node, oldest='"1.2"')
    with serving(node) as served:
        context = certificates.trusting(trusted)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert served.get(context).status == 200


def test_a_name_that_is_not_its_own_is_refused(node: Path, trusted: Authority) -> None:
    with serving(node) as served:
        context = certificates.trusting(trusted)
        for host in ("evil.example", "hoso.test.evil.example", "hoso.test@evil.example", "HOSO.TEST:443x", ""):
            assert served.get(context, "/", host).status == 400, host
        assert served.get(context, "/", "HOSO.test:8443").status == 200


def test_every_unfit_pair_is_refused_with_a_sentence(node: Path, trusted: Authority, tmp_path: Path) -> None:
    other = certificates.authority(tmp_path / "other")
    stranger = certificates.server(other, "stranger")
    expired = certificates.server(other, "expired", now=certificates.LONG_AGO)
    future = certificates.server(other, "future", now=certificates.NOW + certificates.timedelta(days=5))
    elsewhere = certificates.server(other, "elsewhere", "other.test")
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nothing")
    nonsense.chmod(0o600)
    opened = tmp_path / "opened.key"
    opened.write_bytes(stranger[1].read_bytes())
    opened.chmod(0o644)
    cases = [
        ((tmp_path / "none.pem", stranger[1]), "is missing"),
        ((stranger[0], tmp_path / "none.key"), "is missing"),
        ((stranger[0], expired[1]), "does not belong"),
        (expired, "ended on"),
        (future, "counts from"),
        (elsewhere, "is for other.test, not for hoso.test"),
        ((nonsense, stranger[1]), "no certificate in PEM"),
        ((stranger[0], nonsense), "no private key"),
        ((stranger[0], opened), "chmod 600"),
    ]
    for (certificate, key), said in cases:
        configure(node, certificate=f'"{certificate}"', key=f'"{key}"')
        # Both look through the same eyes: one of them is asked each case, the other the first.
        for command in (("tls", "check"), ("serve", "--port", "0"))[: 2 if said == cases[0][1] else 1]:
            done = hoso(*command, "--data", node)
            assert done.returncode == 1
            assert said in done.stderr, (said, done.stderr)
            assert "Traceback" not in done.stderr
            assert "PRIVATE KEY" not in done.stderr


def test_settings_that_contradict_themselves_are_refused(node: Path, trusted: Authority) -> None:
    for values, said in (
        ({"base_url": '"http://hoso.test"'}, "https"),
        ({"base_url": '"https://hoso.test"', "key": '""'}, "belong together"),
        ({"key": '"tls/server.key"', "oldest": '"1.1"'}, "oldest"),
        ({"oldest": '"1.3"', "proxies": '["0.0.0.0/0"]'}, "everybody"),
        ({"proxies": '["somewhere"]'}, "somewhere"),
    ):
        configure(node, **values)
        done = hoso("serve", "--data", node, "--port", "0")
        assert done.returncode == 1
        assert said in done.stderr


def test_records_do_not_leave_the_machine_in_clear(node: Path) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        done = hoso("serve", "--data", node, "--host", host, "--port", "0")
        assert done.returncode == 1
        assert "without TLS" in done.stderr


def test_a_renewed_certificate_is_shown_and_who_was_cut_off_is_answered_next(node: Path, trusted: Authority) -> None:
    with serving(node) as served:
        context = certificates.trusting(trusted)
        before = shown(served, context)
        failed: list[Exception] = []
        stop = threading.Event()

        def answered() -> bool:
            """False when the worker left between two words: how the cut shows depends on the word."""
            try:
                assert served.get(context).status == 200
            except OSError:
                return False
            return True

        def ask() -> None:
            try:
                while not stop.is_set():
                    # Each worker leaves once, so a caller is cut off by each of them at most once.
                    assert answered() or answered() or answered()
            except Exception as error:
                failed.append(error)

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for each in askers:
            each.start()
        assert hoso("tls", "make", "--data", node, "hoso.test", "127.0.0.1").returncode == 0
        os.kill(served.process.pid, signal.SIGHUP)
        wait_for(served, "The certificate was read anew.")
        stop.set()
        for each in askers:
            each.join()
        assert shown(served, context) != before
        assert failed == []


def test_a_certificate_that_changed_is_read_by_itself_and_a_bad_one_is_left_alone(
    node: Path, trusted: Authority
) -> None:
    with serving(node) as served:
        context = certificates.trusting(trusted)
        before = shown(served, context)
        good = (node / "tls/server.pem").read_bytes()
        (node / "tls/server.pem").write_text("broken")
        wait_for(served, "goes on being used")
        assert shown(served, context) == before
        (node / "tls/server.pem").write_bytes(good)
        wait_for(served, "The certificate was read anew.")
        assert hoso("tls", "make", "--data", node, "hoso.test", "127.0.0.1").returncode == 0
        wait_for(served, "The certificate was read anew.")
        assert shown(served, context) != before


def shown(served: Served, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", served.port)) as plain,
        context.wrap_socket(plain, server_hostname="hoso.test") as wrapped,
    ):
        found = wrapped.getpeercert(binary_form=True)
        assert found is not None
        return found
