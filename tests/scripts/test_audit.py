"""`make audit` names every locked package, finds what is not allowed, and never takes silence for an answer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / name for name in ("requirements.lock", "requirements-dev.lock", "requirements-data.lock")]
NOTHING = Path("/nonexistent/pip-audit")


def audit(out: Path, tool: Path = NOTHING, **more: Path) -> subprocess.CompletedProcess[str]:
    options = [word for name, value in more.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, str(ROOT / "scripts" / "audit.py"), "--out", str(out), "--tool", str(tool), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def planted(folder: Path, licence: str, name: str = "evil-lib") -> tuple[Path, Path]:
    """A lock file and a folder where what it names is installed, under a licence."""
    info = folder / "site" / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n", "utf-8")
    lock = folder / "requirements.lock"
    lock.write_text(f"{name}==1.0 \\\n    --hash=sha256:{'a' * 64}\n", "utf-8")
    return lock, folder / "site"


def answering(folder: Path, *dependencies: dict[str, object]) -> Path:
    """A tool that answers as pip-audit would."""
    tool = folder / "pip-audit"
    text = json.dumps({"dependencies": dependencies, "fixes": []})
    tool.write_text(f"#!/bin/sh\ncat <<'EOT'\n{text}\nEOT\n", "utf-8")
    tool.chmod(0o755)
    return tool


def test_the_sbom_names_every_locked_package_with_its_version_and_hashes(tmp_path: Path) -> None:
    audit(tmp_path / "sbom.json")
    told = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    shown = {(one["name"], one["version"]) for one in told["components"]}
    pins = {
        (re.sub(r"[-_.]+", "-", name).lower(), version)
        for lock in LOCKS
        for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock.read_text("utf-8"), re.M)
    }
    assert shown == pins and len(shown) > 60
    assert all(one["hashes"] and one["licenses"] and one["purl"].startswith("pkg:pypi/") for one in told["components"])


def test_the_licences_of_what_is_locked_are_allowed_and_told_in_the_docs(tmp_path: Path) -> None:
    done = audit(tmp_path / "sbom.json")
    assert "FOUND" not in done.stdout, done.stdout
    told = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    names = {one["name"] for one in json.loads((tmp_path / "sbom.json").read_text("utf-8"))["components"]}
    assert {name for name in names if name not in told} == set()


@pytest.mark.parametrize(
    ("licence", "status"),
    [
        ("License-Expression: GPL-3.0-only", 1),
        ("License-Expression: AGPL-3.0-or-later", 1),
        ("License-Expression: MIT AND GPL-2.0-only", 1),
        ("Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)", 1),
        ("Classifier: License :: Other/Proprietary License", 1),
        ("License: GPL", 1),
        ("License: as you like", 1),
        ("Summary: says nothing", 1),
        ("License-Expression: MIT", 0),
        ("License-Expression: GPL-2.0-only OR MIT", 0),
        ("License-Expression: MPL-2.0 AND (Apache-2.0 OR MIT)", 0),
        ("Classifier: License :: OSI Approved :: BSD License", 0),
    ],
)
def test_a_licence_that_is_not_allowed_is_found(tmp_path: Path, licence: str, status: int) -> None:
    lock, site = planted(tmp_path, licence)
    tool = answering(tmp_path, {"name": "evil-lib", "version": "1.0", "vulns": []})
    done = audit(tmp_path / "sbom.json", tool, lock=lock, site=site)
    assert done.returncode == status, done.stdout
    assert ("FOUND  evil-lib 1.0" in done.stdout) == (status == 1)


def test_what_is_locked_and_not_installed_is_found(tmp_path: Path) -> None:
    lock, _ = planted(tmp_path, "License-Expression: MIT")
    done = audit(tmp_path / "sbom.json", lock=lock, site=tmp_path / "empty")
    assert done.returncode == 1 and "not installed" in done.stdout


def test_a_known_hole_is_found(tmp_path: Path) -> None:
    lock, site = planted(tmp_path, "License-Expression: MIT")
    hole = {"id": "CVE-2099-1", "fix_versions": ["1.1"], "aliases": [], "description": "x"}
    tool = answering(tmp_path, {"name": "Evil_Lib", "version": "1.0", "vulns": [hole]})
    done = audit(tmp_path / "sbom.json", tool, lock=lock, site=site)
    assert done.returncode == 1 and "CVE-2099-1, mended in 1.1" in done.stdout


@pytest.mark.parametrize("silence", ["no tool", "no answer", "passed over", "another package"])
def test_silence_is_told_and_is_no_green(tmp_path: Path, silence: str) -> None:
    lock, site = planted(tmp_path, "License-Expression: MIT")
    skipped = {"name": "evil-lib", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    tools = {
        "no tool": NOTHING,
        "no answer": Path("/bin/false"),
        "passed over": answering(tmp_path, skipped),
    }
    tool = tools.get(silence) or answering(tmp_path, {"name": "other", "version": "1.0", "vulns": []})
    done = audit(tmp_path / "sbom.json", tool, lock=lock, site=site)
    assert done.returncode == 3 and "NOT ASKED" in done.stdout, done.stdout
    assert (tmp_path / "sbom.json").is_file()
