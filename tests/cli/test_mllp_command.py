"""`hoso mllp` and the listener inside `hoso serve`, in processes of their own, over real sockets."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.cli.serving import HOSO, hoso
from tests.exchange.hl7v2.hl7_messages import PID, PV1, message
from tests.exchange.mllp.test_listening import _read, codes

from hoso.exchange.mllp.framing import Frames, framed

WAIT = 60
WHO = message("QBP^Q23^QBP_Q21", "QPD|IHE PIX Query|T1|BN0001", "RCP|I", control="Q1")


def ask(port: int, data: bytes) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as connection:
        connection.sendall(framed(data))
        return codes([_read(Frames(connection, 1_000_000, WAIT, WAIT))])[0]


def listening(port: int, data: bytes) -> str:
    """The answer as soon as somebody listens."""
    until = time.monotonic() + WAIT
    while True:
        try:
            return ask(port, data)
        except ConnectionRefusedError:
            assert time.monotonic() < until
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def admit(control: str) -> bytes:
    return message("ADT^A01", PID, PV1, control=control)


def test_the_command_takes_messages_and_ends_when_told(tmp_path: Path) -> None:
    assert hoso("init", "--data", tmp_path).returncode == 0
    command = [HOSO, "--lang", "en", "mllp", "--data", tmp_path, "--port", "0", "--facility", "01001"]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"port (\d+)", process.stdout.readline())
        assert found is not None
        assert ask(int(found[1]), admit("A1")) == "AA A1"
        assert ask(int(found[1]), WHO) == "AA Q1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT) == 0


def test_without_certificates_only_this_machine_is_listened_to(tmp_path: Path) -> None:
    assert hoso("init", "--data", tmp_path).returncode == 0
    refused = hoso("mllp", "--data", tmp_path, "--port", "0", "--host", "0.0.0.0")
    assert refused.returncode == 1
    assert "0.0.0.0" in refused.stderr


def test_a_node_that_serves_takes_messages_too_when_it_is_set_so(tmp_path: Path) -> None:
    assert hoso("init", "--data", tmp_path).returncode == 0
    config, port = tmp_path / "config.toml", free_port()
    settings = config.read_text("utf-8")
    config.write_text(
        settings.replace("on this port; 0: none are. docs/how-to/hl7v2.md.\nport = 0", f"\nport = {port}")
    )
    command = [HOSO, "serve", "--data", tmp_path, "--port", "0", "--workers", "2"]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as process:
        try:
            assert listening(port, admit("A1")) == "AA A1"
            assert listening(port, admit("A2")) == "AA A2"
        finally:
            process.terminate()
            assert process.wait(WAIT) == 0
