"""What browsers call themselves, in words a person knows."""

from __future__ import annotations

import pytest

from hoso.web.sign_in.device import named

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox, Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        (f"Mozilla/5.0 (Windows NT 6.1) {WEBKIT} coc_coc_browser/120.0 Chrome/114 Safari/537.36", "Cốc Cốc, Windows"),
        (f"Mozilla/5.0 (Linux; Android 13; SM-A146) {WEBKIT} Chrome/142.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("curl/8.5.0", ""),
        ("", ""),
    ],
)
def test_a_session_is_named_by_its_browser_and_system(told: str, words: str) -> None:
    assert named(told) == words
