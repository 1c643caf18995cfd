"""`hoso gateway` by the real command: a secret once, accounts listed without one, and revoked."""

from __future__ import annotations

from pathlib import Path

from tests.cli.serving import hoso

from hoso import compose


def test_accounts_are_made_for_known_facilities_listed_and_revoked(tmp_path: Path) -> None:
    node = tmp_path / "node"
    compose.create(node)
    unknown = hoso("gateway", "create", "--data", node, "--facility", "01001")
    assert unknown.returncode == 1 and "hoso facility add" in unknown.stderr
    names = ("--code", "01001", "--gln", "8930000000019", "--kind", "regional", "--name", "A")
    assert hoso("facility", "add", "--data", node, *names).returncode == 0
    secret = hoso("gateway", "create", "--data", node, "--facility", "8930000000019", "--username", "a").stdout.strip()
    assert len(secret) == 32
    listed = hoso("gateway", "list", "--data", node).stdout
    assert listed.startswith("a\t01001\t") and listed.endswith("\tvalid\n") and secret not in listed
    assert hoso("gateway", "revoke", "--data", node, "--username", "a").returncode == 0
    assert "revoked 2" in hoso("gateway", "list", "--data", node).stdout
    again = hoso("gateway", "revoke", "--data", node, "--username", "a")
    assert again.returncode == 1 and "no living account" in again.stderr
    (tmp_path / "key.pem").write_text("no key")
    bad = hoso("gateway", "create", "--data", node, "--facility", "01001", "--key", tmp_path / "key.pem")
    assert bad.returncode == 1 and "PEM" in bad.stderr
