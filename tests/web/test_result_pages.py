"""A citizen reads results in words, opens one, and tells of a mistake: on a desk and a phone, in both languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.web.conftest import At
from tests.web.looking import faults, fits, shapes

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@shapes
def test_a_result_is_a_sentence_first_and_a_mistake_can_be_told(at: At, size: str, language: str) -> None:
    page = at("/me/results", size, language=language, java_script_enabled=False)
    expect(page.locator(".standing").first).to_be_visible()
    page.click(".result a >> nth=0")
    expect(page.locator("table.dense tbody tr").first).to_be_visible()
    assert page.locator("h1").count() == 1
    name = page.locator("h1").inner_text()
    page.click("main a.button--quiet")
    assert page.locator("#words").input_value() and name
    for path in ("/me/results", "/me/results/creatinine", "/me/results/hba1c"):
        seen = at(path, size, language=language)
        assert faults(seen) == [] and fits(seen)


@pytest.mark.parametrize("key", ["nothing", "..", "%00", "x" * 300])
def test_a_test_that_is_not_there_is_not_found(at: At, key: str) -> None:
    assert at(f"/me/results/{key}").locator(".result__value").count() == 0
