"""A node, and one with a certificate of its own authority."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.serving import hoso
from tests.transit.nodes import configure

from hoso.transit.authority import Authority


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    assert hoso("init", "--data", folder).returncode == 0
    return folder


@pytest.fixture
def trusted(node: Path) -> Authority:
    """A node with a certificate of its own authority, and that authority."""
    made = hoso("tls", "make", "--data", node, "hoso.test", "127.0.0.1")
    assert made.returncode == 0, made.stderr
    assert 'certificate = "tls/server.pem"' in made.stdout
    configure(node, base_url='"https://hoso.test"', certificate='"tls/server.pem"', key='"tls/server.key"')
    return Authority(node / "tls")
