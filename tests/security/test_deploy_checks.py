"""Django's own `check --deploy` finds nothing on a node that has an address, and what is silenced is ours to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.security.apps import Site

from hoso import compose

CHECKED = """
import json, sys
from pathlib import Path
from hoso import compose
from hoso.web.configure import configure
configure(compose.load(Path(sys.argv[1])))
from django.conf import settings
from django.core.checks import run_checks
told = [f"{one.id} {one.msg}" for one in run_checks(include_deployment_checks=True) if not one.is_silenced()]
wanted = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "CSRF_COOKIE_HTTPONLY")
secure = [name for name in wanted if not getattr(settings, name)]
print(json.dumps([told, secure, settings.DEBUG, settings.SILENCED_SYSTEM_CHECKS, settings.ALLOWED_HOSTS]))
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What a process of its own says, since Django is settled once in each."""
    folder = tmp_path_factory.mktemp("deploy") / "node"
    compose.create(folder)
    file = folder / "config.toml"
    text = file.read_text("utf-8")
    assert 'base_url = ""' in text
    file.write_text(text.replace('base_url = ""', 'base_url = "https://hoso.example.vn"'), "utf-8")
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}  # the browser tests'
    command = [sys.executable, "-c", CHECKED, str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    assert ran.returncode == 0, ran.stderr
    found: list[object] = json.loads(ran.stdout)
    return found


def test_check_deploy_finds_nothing(checked: list[object]) -> None:
    told, insecure, debug, _, hosts = checked
    assert told == [] and insecure == [] and debug is False
    assert "*" not in str(hosts) and "hoso.example.vn" in str(hosts)


def test_what_is_silenced_is_what_our_own_middleware_does(checked: list[object], site: Site) -> None:
    assert checked[3] == ["security.W001", "security.W002"]
    for path in ("/", "/nothing", "/sign-in", "/oauth/token", "/.well-known/smart-configuration"):
        headers = site.ask("GET", path).headers
        assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin" and headers["cross-origin-opener-policy"] == "same-origin"


def test_no_settings_of_a_developer_are_shipped() -> None:
    root = Path(compose.__file__).parent
    told = "\n".join(file.read_text("utf-8") for file in root.rglob("*.py"))
    for word in ("DEBUG = True", '"DEBUG": True', "debug_toolbar", "runserver", "csrf_exempt = True"):
        assert word not in told, word
