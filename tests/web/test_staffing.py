"""Pages of administrators, in a real browser: staff and their roles, the review of access, departments, the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests import postgres
from tests.conftest import ENGINES
from tests.web.conftest import PASSWORD, Site, one_factor, serving, sign_in
from tests.web.looking import SIZES, both, faults

from hoso import compose
from hoso.access.organisation.facilities import Wanted
from hoso.web.accounts import registry

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("staffing")]


@dataclass
class House:
    """A served node with its register, opened beside it."""

    site: Site
    node: compose.Node
    browser: Browser
    opened: list[BrowserContext] = field(default_factory=list)

    def page(self, username: str, size: str = "desk", **options: object) -> Page:
        width, height = SIZES[size]
        context = self.browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        self.opened.append(context)
        page = context.new_page()
        sign_in(page, self.site, username)
        page.wait_for_selector(".bar__role")
        return page

    def go(self, page: Page, path: str) -> None:
        page.goto(self.site.address + path)

    def who(self, username: str) -> str:
        return registry.practitioner(self.node.config, username)

    def roles(self, username: str) -> list[str]:
        return [post.role for post in self.node.organisation.posts.of(self.who(username))]


@pytest.fixture(scope="module", params=ENGINES)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("staffing") / "node"
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("staffing_url")
    compose.create(folder, url)
    one_factor(folder)
    node = compose.open(folder)
    operator = compose.operator(node.config)
    for code, kind, name, under in (
        ("SYT37", "health_department", "Sở Y tế Ninh Bình", ""),
        ("37001", "regional", "Bệnh viện khu vực Hoa Lư", "SYT37"),
        ("37101", "station", "Trạm Y tế Hoa Lư", "37001"),
    ):
        node.organisation.facilities.add(operator, Wanted(code, kind, name, under))
    for username, role, code, name in (
        ("sep", "facility-administrator", "37001", "Nguyễn Thị Lan"),
        ("so", "facility-administrator", "SYT37", "Lê Sở"),
        ("mai", "doctor", "37001", "Trần Thị Mai"), ("hai", "nurse", "37001", "Vũ Hai"),
        ("kia", "nurse", "37101", "Phạm Kia"), ("ca", "nurse", "37001", "Đỗ Cả Hai"),
    ):  # fmt: skip
        compose.hire(node.config, username, role, code, PASSWORD, name=name)
    place = node.organisation.facilities.by_code("37101")
    assert place is not None
    who = registry.practitioner(node.config, "ca")
    node.organisation.staff.give(operator, who, "nurse", place.id, None, None)
    with serving(folder) as address:
        yield House(Site(address, folder), node, browser)
    node.close()


@pytest.fixture(autouse=True)
def closed(house: House) -> Iterator[None]:
    """No window of a test stays open beside those of the next."""
    yield
    while house.opened:
        house.opened.pop().close()


@pytest.fixture(scope="module")
def staffing_url(postgres_url: str) -> Iterator[str]:
    with postgres.database(postgres_url) as url:
        yield url


def test_a_colleague_is_hired_signs_in_and_is_given_another_role_until_a_day(house: House) -> None:
    page = house.page("sep")
    page.get_by_role("link", name="Nhân viên", exact=True).first.click()
    page.get_by_role("link", name="Nhân viên mới").click()
    page.fill("#name", "Hoàng Văn Mới")
    page.fill("#username", "moi")
    page.select_option("#role", "receptionist")
    page.get_by_role("button", name="Tạo tài khoản").click()
    password = page.locator("dd.code").nth(1).inner_text()
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", password)
    page.get_by_role("link", name="Hoàng Văn Mới").click()
    assert password not in page.content()
    page.select_option("#role", "nurse")
    page.fill("#until", "2027-06-30")
    page.get_by_role("button", name="Giao vai trò này").click()
    expect(page.get_by_role("status")).to_contain_text("Đã xong")
    expect(page.get_by_text("đến", exact=False).first).to_be_visible()
    assert house.roles("moi") == ["receptionist", "nurse"]
    context = house.browser.new_context()
    other = context.new_page()
    sign_in(other, house.site, "moi", password)
    own_password(house, other, password)
    expect(other.get_by_role("heading", level=1)).to_have_text("Vai trò của bạn")
    other.get_by_role("button", name="Làm việc với vai trò này Điều dưỡng").click()
    expect(other.locator(".bar__role")).to_contain_text("Điều dưỡng")
    page.get_by_role("button", name=re.compile("Kết thúc ngay Điều dưỡng")).click()
    other.reload()
    expect(other.get_by_text("Vai trò bạn đang dùng đã kết thúc.")).to_be_visible()
    context.close()


def own_password(house: House, page: Page, given: str) -> None:
    """Nothing opens with the password that another made, and it is not taken for a new one."""
    for path in ("/", "/account", "/posts", "/patients/x"):
        house.go(page, path)
        assert page.url.endswith("/account/password")
    assert faults(page) == []
    for chosen, words in ((given, "Đó là mật khẩu cũ"), ("Năm-con-cò-trắng-bay", "")):
        page.fill("#oldpassword", given)
        page.fill("#password1", chosen)
        page.fill("#password2", chosen)
        page.get_by_role("button", name="Đổi").click()
        assert words in page.locator("main").inner_text()
    house.go(page, "/")


def test_wrong_input_is_refused_in_words_and_makes_nothing(house: House) -> None:
    page = house.page("sep")
    before = len(registry.everyone(house.node.config))
    for name, username, until, words in (
        ("A", "sep", "", "Đã có tài khoản tên này"),
        ("A", "two words", "", "không có dấu cách"),
        ("A", "fresh1", "2020-01-01", "Vai trò phải kết thúc"),
        ("x" * 201, "fresh2", "", "Tên có từ 1 đến 200 ký tự"),
        ("<script>alert(1)</script>" + "x" * 200, "fresh3", "", "Tên có từ 1 đến 200 ký tự"),
    ):
        house.go(page, "/staff/new")
        page.fill("#name", name)
        page.fill("#username", username)
        page.select_option("#role", "nurse")
        page.fill("#until", until)
        page.get_by_role("button", name="Tạo tài khoản").click()
        expect(page.get_by_role("alert")).to_contain_text(words)
    page.evaluate("document.querySelector('#role').innerHTML = '<option value=\"national-health\">x</option>'")
    page.fill("#name", "A")
    page.fill("#username", "fresh4")
    page.get_by_role("button", name="Tạo tài khoản").click()
    expect(page.get_by_role("alert")).to_contain_text("không được giao hay kết thúc vai trò đó")
    assert len(registry.everyone(house.node.config)) == before


def test_an_administrator_reaches_only_their_own_facility_and_never_themselves(house: House) -> None:
    page = house.page("sep")
    station, department = (house.node.organisation.facilities.by_code(code) for code in ("37101", "SYT37"))
    assert station and department
    for path in (f"/staff?at={station.id}", f"/staff?at={department.id}", f"/staff/{house.who('kia')}", "/facilities",
                 f"/departments?at={station.id}", f"/locations?at={station.id}", "/staff/nobody",
                 f"/staff/review?at={station.id}",
                 f"/inbox?at={station.id}", f"/inbox?at={department.id}", "/clients"):  # fmt: skip
        answer = page.goto(house.site.address + path)
        assert answer is not None and answer.status == 404, path
    house.go(page, "/inbox")
    expect(page.locator(".lead .code")).to_have_text("37001")
    house.go(page, f"/staff/{house.who('sep')}")
    expect(page.get_by_text("Đây là bạn")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Kết thúc|Giao|Khóa|Gỡ")).count() == 0
    house.go(page, f"/staff/{house.who('ca')}")
    expect(page.get_by_text("còn mở được những nơi bạn không quản trị")).to_be_visible()
    assert page.get_by_role("button", name="Khóa tài khoản").count() == 0
    token = page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value") or ""
    for do in ("disable", "reset-mfa", "unlock", "nonsense"):
        answer2 = page.request.post(
            f"{house.site.address}/staff/{house.who('ca')}", form={"csrfmiddlewaretoken": token, "do": do}
        )
        assert answer2.status == 404
    doctor = house.page("mai")
    for path in ("/staff", "/staff/new", "/departments", "/locations", "/facilities", "/staff/review", "/inbox"):
        answer = doctor.goto(house.site.address + path)
        assert answer is not None and answer.status == 404, path


def test_an_account_is_closed_and_opened_and_whoever_has_it_is_out_at_once(house: House) -> None:
    page, nurse = house.page("sep"), house.page("hai")
    house.go(page, f"/staff/{house.who('hai')}")
    page.get_by_role("button", name="Khóa tài khoản").click()
    nurse.reload()
    expect(nurse.locator("#username")).to_be_visible()
    page.get_by_role("button", name="Mở tài khoản").click()
    expect(page.get_by_role("button", name="Khóa tài khoản")).to_be_visible()


def test_the_review_of_access_wants_a_word_about_each_and_is_recorded(house: House) -> None:
    compose.hire(
        house.node.config, f"ra{len(registry.everyone(house.node.config))}", "nurse", "37001", PASSWORD, name="Ra Đi"
    )
    page = house.page("sep")
    house.go(page, "/staff")
    page.get_by_role("link", name="Rà soát quyền truy cập").click()
    assert "Nguyễn Thị Lan" not in page.locator("fieldset").all_inner_texts().__str__()
    for box in page.locator("fieldset").all():
        ends = "Ra Đi" in box.inner_text()
        box.get_by_label("kết thúc" if ends else "vẫn cần").check()
    page.evaluate("document.querySelector('fieldset input:checked').checked = false;"
                  "[...document.forms].forEach(f => f.noValidate = true)")  # fmt: skip
    page.get_by_role("button", name="Xác nhận đã rà soát").click()
    expect(page.get_by_role("alert")).to_contain_text("từng vai trò")
    for box in page.locator("fieldset").all():
        box.get_by_label("kết thúc" if "Ra Đi" in box.inner_text() else "vẫn cần").check()
    page.get_by_role("button", name="Xác nhận đã rà soát").click()
    expect(page.get_by_text("Đã ghi nhận việc rà soát.")).to_be_visible()
    expect(page.get_by_text("Lần rà soát quyền truy cập gần nhất")).to_be_visible()
    house.go(page, "/staff/review")
    assert "Ra Đi" not in "".join(page.locator("fieldset").all_inner_texts())


def test_places_are_kept_on_a_page_without_scripts(house: House) -> None:
    page = house.page("sep", java_script_enabled=False)
    house.go(page, "/locations")

    def add(name: str, kind: str, inside: str = "") -> None:
        page.fill("#name", name)
        page.select_option("#kind", kind)
        page.select_option("#inside", label=inside or "Không nằm trong nơi nào")
        page.get_by_role("button", name="Thêm", exact=True).click()

    add("Nhà B", "bu")
    add("Buồng 3", "wa", "Nhà B")
    add("Buồng 3", "wa", "Nhà B")
    expect(page.get_by_role("alert")).to_contain_text("đã có địa điểm")
    found = page.locator(".source", has_text="Buồng 3")
    expect(found).to_contain_text("Buồng bệnh")
    found.locator("summary").click()
    found.get_by_role("button", name="Đóng Buồng 3").click()
    expect(page.locator(".source", has_text="Buồng 3")).to_contain_text("đã đóng")
    home = house.node.organisation.facilities.by_code("37001")
    assert home is not None
    listed = house.node.organisation.locations.of(compose.operator(house.node.config), home.id)
    assert [(one.name, one.kind, one.active, depth) for one, depth in listed if one.kind] == [
        ("Nhà B", "bu", True, 0),
        ("Buồng 3", "wa", False, 1),
    ]


def test_departments_and_the_tree_are_kept_on_pages(house: House) -> None:
    page = house.page("sep")
    house.go(page, "/departments")
    page.fill("#name", "Khoa Nội")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.get_by_role("link", name="Khoa Nội")).to_be_visible()
    page.fill("#name", "Khoa Nội")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("đã có khoa, phòng")
    top = house.page("so")
    house.go(top, "/facilities")
    top.select_option("#kind", "station")
    top.fill("#name", "Trạm Y tế Tam Điệp")
    top.fill("#code", "37102")
    top.get_by_role("button", name="Thêm", exact=True).click()
    expect(top.get_by_role("link", name="Trạm Y tế Tam Điệp", exact=True)).to_be_visible()
    top.get_by_text("Đổi tên, chuyển hoặc đóng Trạm Y tế Tam Điệp").click()
    top.fill("#under-37102", "37001")
    top.get_by_role("button", name="Chuyển Trạm Y tế Tam Điệp").click()
    assert top.get_by_role("link", name="Trạm Y tế Tam Điệp", exact=True).count() == 0
    made = house.node.organisation.facilities.by_code("37102")
    assert made and [one.code for one in house.node.organisation.facilities.line(made.id)] == [
        "SYT37",
        "37001",
        "37102",
    ]


WIDE = """[...document.querySelectorAll('main *, header *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 150))"""


@both
@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
def test_the_pages_have_no_barrier_and_fit(house: House, size: str) -> None:
    page, top = house.page("sep", size), house.page("so", size)
    for one, path in (
        (page, "/staff"), (page, "/staff/new"), (page, f"/staff/{house.who('mai')}"), (page, "/staff/review"),
        (page, "/departments"), (page, "/locations"), (top, "/facilities"), (page, "/posts"),
    ):  # fmt: skip
        house.go(one, path)
        assert faults(one) == [], path
        assert one.evaluate(WIDE) == [], path
