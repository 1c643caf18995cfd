"""Opens the node of `--data` for a command; what is wrong with it is said in a sentence. `hoso node` is in nodes.py."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hoso import compose, keeping
from hoso.access import DamagedFile, Unavailable
from hoso.cli.failure import Failure
from hoso.store import rotating
from hoso.store.migrate import SchemaMismatch


@contextmanager
def opened(data: str) -> Iterator[compose.Node]:
    """The node in folder `data`, closed again afterwards."""
    with explained(data):
        node = compose.open(Path(data))
        try:
            yield node
        finally:
            node.close()


@contextmanager
def explained(data: str, *, must_exist: bool = True) -> Iterator[None]:
    """Turns what can go wrong with a node's folder and database into failures that say what to do."""
    folder = Path(data)
    try:
        if must_exist and not compose.exists(folder):
            raise Failure("main.no_node", folder=data)
        yield
    except compose.OpenKey as bad:
        raise Failure("main.open_key", file=bad.file) from bad
    except compose.BadConfig as bad:
        key = "main.bad_config" if bad.file.name == "config.toml" or bad.file.parent.name == "sync" else "main.bad_key"
        raise Failure(key, file=bad.file, reason=bad.reason) from bad
    except PermissionError as error:
        raise Failure("main.not_allowed", file=error.filename or data, user=os.getuid()) from error
    except SchemaMismatch as error:
        raise Failure("main.other_schema", folder=data, reason=error) from error
    except FileNotFoundError as error:
        raise Failure("main.missing_file", file=error.filename or error, folder=data) from error
    except DamagedFile as error:
        key = "main.damaged_accounts" if Path(error.file).name == keeping.ACCOUNTS else "main.damaged"
        raise Failure(key, file=error.file, reason=error.reason, folder=data) from error
    except rotating.InUse as used:
        raise Failure("key.in_use", code=1, folder=data) from used
    except Unavailable as error:
        raise Failure("main.no_database", folder=data, reason=error) from error


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from hoso.cli import nodes

    nodes.add(subparsers)


def run(args: argparse.Namespace) -> int:
    from hoso.cli import nodes

    return nodes.run(args)
