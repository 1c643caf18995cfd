"""The README's picture stays small; scripts/screenshot.py takes a new one through this test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.web.conftest import Open

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
KEPT = Path(__file__).resolve().parents[2] / "docs/images/emergency-card.png"


def test_the_picture_of_the_card_can_be_taken_and_the_kept_one_is_small(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/patients/full")
    expect(page.locator(".area-trust")).to_be_visible()
    target = Path(os.environ.get("HOSO_PICTURE", str(tmp_path / "card.png")))
    page.screenshot(path=target)
    assert KEPT.stat().st_size <= 150_000
