"""What a browser calls itself, in two words a person knows: enough to tell one's own sessions apart."""

from __future__ import annotations

_BROWSERS = (
    ("edg", "Edge"),
    ("coc_coc_browser", "Cốc Cốc"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
)
"""Most pretend to be Chrome or Safari as well, so those come last."""
_SYSTEMS = (
    ("android", "Android"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("windows", "Windows"),
    ("mac os x", "macOS"),
    ("linux", "Linux"),
)


def named(user_agent: str) -> str:
    """Such as "Firefox, Windows"; empty for what nothing is known of."""
    told = user_agent.casefold()
    found = (next((name for sign, name in signs if sign in told), "") for signs in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in found if name)
