"""What a browser says of itself, in the words of people."""

import re

UNKNOWN = "Unknown device"

_BROWSERS = (
    (r"\bEdgA?(iOS)?/", "Edge"),
    (r"\b(OPR|Opera|OPiOS)/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(Firefox|FxiOS)/", "Firefox"),
    (r"\b(HeadlessChrome|Chrome|CriOS|Chromium)/", "Chrome"),
    (r"\bVersion/[\d.]+.*\bSafari/", "Safari"),
    (r"^curl/", "curl"),
    (r"\bpython\b|^python-", "A Python program"),
)
_SYSTEMS = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bWindows\b", "Windows"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bMac(intosh| OS X)\b", "macOS"),
    (r"\b(Linux|X11)\b", "Linux"),
)
HANDHELD = frozenset({"iPhone", "iPad", "Android"})


def device_of(user_agent: str | None) -> str:
    """Return with what somebody is signed in, such as "Firefox on Windows".

    Browsers call themselves by the names of others; the first that fits in this order is theirs.
    """
    browser, system = browser_of(user_agent), system_of(user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or UNKNOWN


def browser_of(user_agent: str | None) -> str:
    """Return what a browser is called, "" where it is not known."""
    return _first(_BROWSERS, user_agent)


def system_of(user_agent: str | None) -> str:
    """Return what a browser runs on, "" where it does not say."""
    return _first(_SYSTEMS, user_agent)


def _first(names: tuple[tuple[str, str], ...], user_agent: str | None) -> str:
    text = (user_agent or "")[:500]
    return next((name for pattern, name in names if re.search(pattern, text, re.IGNORECASE)), "")
