"""Since my last view: what came after a reader's own last sitting is marked and listed, without scripts too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from playwright.sync_api import expect
from tests.web import people
from tests.web.conftest import Open, Site
from tests.web.looking import faults

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.web.configure import configure

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ERRAND = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")


def result(id: str, words: str, days: int) -> dict[str, object]:
    back = people.Back(date.today())  # noqa: DTZ011  (the made-up people live in the present)
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": "Patient/plain"},
        "code": {"text": words}, "effectiveDateTime": back.time(days), "valueString": "âm tính",
    }  # fmt: skip


def test_what_came_after_my_own_last_sitting_is_marked_and_listed(open_page: Open, site: Site) -> None:
    node = compose.open(site.folder)
    old, late = result("since-old", "Xét nghiệm cũ", 400), result("since-late", "Kết quả đến muộn", 300)
    node.records.update(ERRAND, "Observation", "since-old", orjson.dumps(old))
    page = open_page("/patients/plain/timeline", java_script_enabled=False)
    assert page.locator("text=Chỉ xem phần mới").count() == 0, "the first look has nothing before it"
    _views(site, page.url.split("/")[4]).update(former=datetime.now(UTC))  # the sitting before ended here
    node.records.update(ERRAND, "Observation", "since-late", orjson.dumps(late))
    node.close()
    page.reload()
    expect(page.locator(".item", has_text="Kết quả đến muộn").locator(".tag")).to_be_visible()
    assert page.locator(".item", has_text="Xét nghiệm cũ").locator(".tag").count() == 0
    page.click("text=Chỉ xem phần mới")
    expect(page.locator(".item")).to_have_count(1)
    scripted = open_page("/patients/plain/timeline?new=1")
    assert faults(scripted) == []
    others = open_page("/patients/plain/timeline", username="thu")
    assert others.locator("text=Chỉ xem phần mới").count() == 0, "what others looked at is theirs"

    _views(site, page.url.split("/")[4]).update(seen=datetime.now(UTC) - timedelta(hours=1), former=None)
    page.reload()
    expect(page.locator("text=Xem tất cả")).to_be_visible()
    assert _views(site, page.url.split("/")[4]).filter(former=None).count() == 1, "only the other reader still has none"


def _views(site: Site, person: str) -> Any:
    configure(compose.load(site.folder))
    from hoso.web.accounts.models import LastView

    return LastView.objects.filter(person=person)
