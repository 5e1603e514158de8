"""What a browser says of itself, in words."""

import pytest

from admin_site.services.devices import device_of, system_of

KNOWN = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
    "Safari/537.36": "Chrome on Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
    "Safari/537.36 Edg/138.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "CriOS/138.0 Mobile/15E148 Safari/604.1": "Chrome on iPhone",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
    "Safari/537.36 OPR/120.0.0.0": "Opera on ChromeOS",
    "curl/8.14.1": "curl",
    "python-httpx/0.28.1": "A Python program",
    "Something else (Windows)": "Windows",
}


@pytest.mark.parametrize(("user_agent", "words"), KNOWN.items(), ids=KNOWN.values())
def test_a_browser_is_called_by_its_name_and_what_it_runs_on(user_agent: str, words: str):
    assert device_of(user_agent) == words


@pytest.mark.parametrize("user_agent", [None, "", "\x00", "x" * 1_000_000, "ﬁrefox"])
def test_what_says_nothing_of_itself_is_an_unknown_device(user_agent: str | None):
    assert device_of(user_agent) == "Unknown device"
    assert system_of(user_agent) == ""
