"""The `hoso` command without its start: each is a process of its own, forked by one that has imported the package.

Importing it takes half a second of a processor, and the tests run some thousand commands. What the installed script
itself does is seen where a test starts HOSO.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO

from tests.cli import cheap

LATER = ("django.db.models", "django.contrib.auth.hashers", "django.db.migrations.executor", "django.template")
"""What a command imports once it knows its node."""


def run(arguments: list[str], input: str = "", timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with what it prints captured."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        given.write(input.encode())
        given.seek(0)
        told, tells = os.pipe()
        with os.fdopen(told) as lines:
            try:
                _ask(arguments, [given.fileno(), out.fileno(), error.fileno(), tells])
            finally:
                os.close(tells)
            pid = int(lines.readline())
            if not select.select([lines], [], [], timeout)[0]:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(arguments, timeout, _text(out), _text(error))
            code = int(lines.readline())
        return subprocess.CompletedProcess(arguments, code, _text(out), _text(error))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


def _ask(arguments: list[str], files: list[int]) -> None:
    asked = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
    socket.send_fds(_forking(), [json.dumps(asked).encode()], files)


@cache
def _forking() -> socket.socket:
    """The way to the process that forks. It is started on first use and ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", __name__, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], cwd=Path(__file__).parents[2])
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def main() -> None:
    """Forks at each request, until nobody can ask any more."""
    from hoso.cli.main import COMMANDS

    for name in (*(f"hoso.cli.{name}" for name in COMMANDS), *LATER):
        import_module(name)
    cheap.passwords()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    asked = socket.socket(fileno=int(sys.argv[1]))
    while True:
        packet, files, _, _ = socket.recv_fds(asked, 1_000_000, 4)
        if not packet:
            return
        if os.fork() == 0:
            asked.close()
            _command(json.loads(packet), *files)
        for file in files:
            os.close(file)


def _command(asked: dict[str, object], given: int, out: int, error: int, told: int) -> None:
    """Forks again: one is the command, the other waits for it and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        _become(asked, given, out, error, told)
    for file in (given, out, error):
        os.close(file)
    os.write(told, f"{pid}\n".encode())
    os.write(told, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())
    os._exit(0)


def _become(asked: dict[str, object], given: int, out: int, error: int, told: int) -> None:
    from hoso.cli.main import main

    os.close(told)
    for number, file in enumerate((given, out, error)):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]
    os.chdir(str(asked["folder"]))
    sys.argv = ["hoso", *asked["arguments"]]  # type: ignore[misc]
    sys.exit(main())


if __name__ == "__main__":
    main()
