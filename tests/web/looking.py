"""What every page is asked: that nobody is kept out, and that nothing hangs over the edge, on a phone and on a desk."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = {"desk": (1366, 768), "phone": (390, 844)}

both = pytest.mark.parametrize("size", list(SIZES))
shapes = pytest.mark.parametrize(("language", "size"), [("vi", "phone"), ("en", "desk")], ids=["vi-phone", "en-desk"])
"""Each language and each size once; `fits` looks at both sizes in either."""


def faults(page: Page) -> list[str]:
    """What keeps people out, by the rules of axe."""
    return [f"{v['id']} {v['nodes'][0]['target']}" for v in Axe().run(page).response["violations"]]


def fits(page: Page) -> bool:
    """Nothing hangs over the edge of a window of either size; the page keeps its own."""
    own = page.viewport_size
    assert own is not None
    found = []
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        found.append(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
    page.set_viewport_size(own)
    return all(found)
