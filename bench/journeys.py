"""`make journeys`: scripted people at human speed in a real browser: seconds, taps, characters, time of the server, and
weight and accessibility of every page they meet. Writes build/journeys.json.

A hand types nine characters a second, thinks two thirds of a second before a tap, and reads a new page for a second.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, sync_playwright
from tests.conftest import CHROMIUM, FLAGS
from tests.web import people
from tests.web.conftest import PASSWORD, Site, one_factor, serving, sign_in

from bench.figures import Figures, header
from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.fhir import systems

BUDGETS = {"axe.serious": 0, "register.seconds": 20, "followup.seconds": 30, "page.max_kb": 60}
KEY_MS, THINK_MS, READ_MS = 110, 650, 1_000
SIZES = {"desk": (1366, 768), "phone": (390, 844)}
STAFF = (("mai", "doctor"), ("linh", "nurse"), ("thu", "receptionist"))
IMPORTER = Errand(Actor("node/bench", Scopes.parse("system/*.cruds")), "SYSADMIN")


@dataclass
class Hand:
    """Whoever does a journey; counts what is done, and looks at each page once it stands."""

    page: Page
    site: str
    taps: int = 0
    typed: int = 0
    server_ms: float = 0
    kilobytes: float = 0
    serious: list[str] = field(default_factory=list)
    looked: float = 0
    """Seconds that the looking took, which are nobody's."""

    def __post_init__(self) -> None:
        self.page.on("response", self._answered)

    def go(self, path: str) -> None:
        self.page.goto(self.site + path)
        self.look()

    def scan(self, text: str) -> None:
        """A reader types a card at once and ends with Enter."""
        self.page.locator("#q").press_sequentially(text, delay=1)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.look()

    def type(self, selector: str, text: str) -> None:
        self.page.locator(selector).fill("")
        self.page.locator(selector).press_sequentially(text, delay=KEY_MS)
        self.typed += len(text)

    def enter(self) -> None:
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        self.taps += 1
        self.look()

    def tap(self, selector: str, *, leads: bool = True) -> None:
        """`leads`: to another page."""
        self.page.wait_for_timeout(THINK_MS)
        self.taps += 1
        if not leads:
            self.page.locator(selector).first.click()
            return
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.look()

    def look(self) -> None:
        began = time.perf_counter()
        self.page.wait_for_load_state("load")
        found = Axe().run(self.page).response["violations"]
        self.serious += [f"{self.page.url}: {one['id']}" for one in found if one["impact"] in ("serious", "critical")]
        self.looked += time.perf_counter() - began
        self.page.wait_for_timeout(READ_MS)

    def _answered(self, response: Response) -> None:
        if response.request.resource_type == "document" and response.status < 300:
            timing = response.request.timing
            self.server_ms += max(0.0, timing["responseStart"] - timing["requestStart"])
            self.kilobytes = max(self.kilobytes, int(response.headers.get("content-length", "0")) / 1_000)


Journey = Callable[[Hand, dict[str, str], str], None]


def register(hand: Hand, ids: dict[str, str], size: str) -> None:
    number = "035185000201" if size == "desk" else "035185000202"
    hand.scan(f"{number}|1{number[-8:]}|Đinh Thị {size.title()}|14021985|Nữ|Phường Hoa Lư, Tỉnh Ninh Bình|05062021")
    hand.tap("text=Đăng ký người mới")
    hand.tap(".register__end button")
    assert hand.page.locator(".done .digits").count()


def followup(hand: Hand, ids: dict[str, str], size: str) -> None:
    """From the search to the signature: three numbers, the same medicines, the template's next date."""
    hand.scan(people.FULL_NUMBER)
    hand.tap(".person__link")
    hand.tap(".tab--do")
    hand.tap("button[value=hypertension]")
    hand.type("[name=pressure]", "136/82" if size == "desk" else "134/80")
    hand.type("[name=pulse]", "74")
    hand.type("[name=weight]", "58,5")
    hand.tap("[name=repeat]", leads=False)
    hand.tap("button[name=sign]")
    assert hand.page.locator(".notice--done").count(), hand.page.locator("main").inner_text()


def emergency(hand: Hand, ids: dict[str, str], size: str) -> None:
    hand.type("#q", "nguyen thi hong hanh")
    hand.enter()
    hand.tap(".person__link")
    assert "Penicillin" in hand.page.locator(".area-allergies").inner_text()


def break_glass(hand: Hand, ids: dict[str, str], size: str) -> None:
    hand.scan(f"03407200990{1 if size == 'desk' else 2}")
    hand.tap("a.button--red")
    if hand.page.locator("#password").count():  # the proof of who asks is older than five minutes
        hand.type("#password", PASSWORD)
        hand.tap("form.box button")
    hand.page.select_option("#reason", "unconscious")
    hand.taps += 2
    hand.type("#words", "Bất tỉnh ở cổng trạm")
    hand.tap("button.button--red")
    assert hand.page.locator(".alarm").count(), hand.page.locator("main").inner_text()


def order(hand: Hand, ids: dict[str, str], size: str) -> None:
    """A test done three weeks ago: its value is used, nothing is ordered."""
    hand.go(f"/patients/{ids['full']}/orders/new")
    hand.type("#find", "hba1c")
    hand.enter()
    hand.tap(".ordering__choice")
    assert hand.page.locator(".against__one").count(), hand.page.locator("main").inner_text()
    hand.tap("button[name=used]")


def vaccinate(hand: Hand, ids: dict[str, str], size: str) -> None:
    hand.go(f"/patients/{ids['child-' + size]}/vaccines")
    shots = hand.page.locator(".shot").all()
    for row in shots[1:]:
        row.locator("input[name^=give-]").uncheck()
        hand.taps += 1
    hand.type(".shot input[name^=lot-] >> nth=0", "A12345")
    expiry = date.today() + timedelta(days=200)  # noqa: DTZ011  (the made-up people live in the present)
    hand.type(".shot input[name^=expiry-] >> nth=0", f"{expiry:%d/%m/%Y}")
    hand.tap("text=Đã tiêm: ghi vào hồ sơ")
    assert "Đã ghi 1 mũi" in hand.page.locator("main").inner_text()


JOURNEYS: dict[str, tuple[str, Journey]] = {
    "register": ("thu", register),
    "followup": ("mai", followup),
    "emergency": ("mai", emergency),
    "break_glass": ("mai", break_glass),
    "order": ("mai", order),
    "vaccination": ("mai", vaccinate),
}


@contextmanager
def station() -> Iterator[tuple[Site, dict[str, str]]]:
    """A node of a commune with the tests' made-up people; and the persons of those whom the journeys meet."""
    with TemporaryDirectory(prefix="hoso-journeys-") as scratch:
        folder = Path(scratch) / "node"
        compose.create(folder)
        one_factor(folder)
        config = compose.load(folder)
        node = compose.open(folder)
        today = date.today()  # noqa: DTZ011  (as above)
        born = (today - timedelta(days=62)).isoformat()
        children = [people.patient(f"child-{size}", f"Lê Bé {size.title()}", born, "female") for size in SIZES]
        tested = {
            "resourceType": "Observation", "id": "fresh-hba1c", "status": "final",
            "subject": {"reference": "Patient/full"}, "effectiveDateTime": (today - timedelta(days=20)).isoformat(),
            "code": people.text("HbA1c", systems.LOINC, "4548-4"), "valueQuantity": {"value": 6.4, "unit": "%"},
        }  # fmt: skip
        far = [
            people.patient(f"far-{n}", f"Vũ Thị Xa {n}", f"197{n}-05-06", "female", f"03407200990{n}") for n in (1, 2)
        ]
        cared = people.roster((one["id"] for one in children), id="roster-children")
        for one in (*people.people(today), *children, *far, cared, tested):
            node.records.update(IMPORTER, one["resourceType"], one["id"], orjson.dumps(one))
        rows = node.store.people
        names = ("full", "child-desk", "child-phone")
        golden = rows.persons_of(rows.rids(names).values())
        ids = {name: rows.ids([golden[rid]])[golden[rid]] for name, rid in rows.rids(names).items()}
        node.close()
        for username, role in STAFF:
            compose.hire(config, username, role, "35001", PASSWORD)
        with serving(folder) as address:
            yield Site(address, folder), ids


def main() -> int:
    figures = Figures("make journeys", BUDGETS)
    print(header())
    serious: list[str] = []
    heaviest = 0.0
    with station() as (site, ids), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        states = {name: _signed_in(browser, site, name) for name, _ in STAFF}
        for name, (username, journey) in JOURNEYS.items():
            hands = {size: _walked(browser, site, states[username], journey, ids, size) for size in SIZES}
            desk, seconds = hands["desk"]
            figures.add(f"{name}.seconds", seconds, "seconds")
            figures.add(f"{name}.taps", desk.taps, "taps")
            figures.add(f"{name}.typed", desk.typed, "characters")
            figures.add(f"{name}.server_ms", desk.server_ms, "ms")
            figures.add(f"{name}.phone.seconds", hands["phone"][1], "seconds")
            serious += [one for hand, _ in hands.values() for one in hand.serious]
            heaviest = max([heaviest, *(hand.kilobytes for hand, _ in hands.values())])
        browser.close()
    for one in sorted(set(serious)):
        print(f"  {one}")
    figures.add("axe.serious", len(set(serious)), "faults")
    figures.add("page.max_kb", heaviest, "kB")
    figures.write(Path("build/journeys.json"))
    return 0


def _walked(
    browser: Browser, site: Site, state: Any, journey: Journey, ids: dict[str, str], size: str
) -> tuple[Hand, float]:
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, storage_state=state) as context:
        hand = Hand(context.new_page(), site.address)
        hand.go("/")
        hand.looked, hand.server_ms = 0, 0
        began = time.perf_counter()
        journey(hand, ids, size)
        return hand, time.perf_counter() - began - hand.looked


def _signed_in(browser: Browser, site: Site, username: str) -> Any:
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(page, site, username)
        page.wait_for_selector("#q")
        return context.storage_state()


if __name__ == "__main__":
    sys.exit(main())
