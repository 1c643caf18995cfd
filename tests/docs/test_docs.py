"""The documents name what exists: every command, make target and dependency, and links that lead somewhere."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from hoso.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "GLOSSARY.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS_PAGE = (ROOT / "docs/reference/commands.md").read_text("utf-8")
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"`hoso {command} " in COMMANDS_PAGE


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_is_documented(target: str) -> None:
    assert re.search(rf"`make {target}[` ]", COMMANDS_PAGE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_page_of_labels_says_what_the_list_says() -> None:
    made = runpy.run_path(str(ROOT / "scripts/label_page.py"))
    assert (ROOT / "docs/reference/labels.md").read_text("utf-8") == made["page"]()


def test_the_page_of_the_insurance_xml_says_what_its_lists_say() -> None:
    made = runpy.run_path(str(ROOT / "scripts/insurance_page.py"))
    assert (ROOT / "docs/reference/insurance-xml.md").read_text("utf-8") == made["page"]()


def test_the_page_of_health_checks_says_what_its_lists_say() -> None:
    made = runpy.run_path(str(ROOT / "scripts/health_check_page.py"))
    assert (ROOT / "docs/reference/health-checks.md").read_text("utf-8") == made["page"]()


def test_the_page_of_hl7_v2_says_what_its_tables_say() -> None:
    made = runpy.run_path(str(ROOT / "scripts/hl7v2_page.py"))
    assert (ROOT / "docs/reference/hl7v2.md").read_text("utf-8") == made["page"]()


def test_every_dependency_is_justified() -> None:
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    named = re.findall(r"[a-z0-9][a-z0-9-]*", page)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        for package in re.findall(r"^([a-z0-9-]+)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE):
            assert package in named, package


def test_the_project_lists_only_what_is_documented() -> None:
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]
    for requirement in wanted:
        assert re.split(r"[\[><=,;]", requirement)[0] in page


@pytest.mark.parametrize(
    "shape", re.findall(r'^    "([^"]+)": "', (ROOT / "bench/searches.py").read_text("utf-8"), re.M)
)
def test_every_search_of_the_benchmark_is_listed(shape: str) -> None:
    assert f"| {shape} |" in (ROOT / "docs/reference/benchmark.md").read_text("utf-8")


def test_the_glossary_has_both_languages_for_every_word() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    words = [word for word, _, _ in rows[1:]]
    assert words == sorted(words, key=str.casefold) and len(words) == len(set(words))
    assert all(cell.strip() for row in rows for cell in row)
