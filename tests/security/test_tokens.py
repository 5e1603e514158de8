"""Random tokens, the cookie that carries one, and paths that are safe to go on to."""

import pytest

from admin_site.security.tokens import SessionCookie, hash_token, new_token, safe_next

KEY = "a secret of the tests, long enough"


def test_tokens_have_256_bits_and_never_repeat():
    tokens = {new_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert all(len(token) == 43 for token in tokens)


def test_a_token_is_stored_as_its_sha256():
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("is_secure", [True, False])
def test_a_cookie_gives_back_the_token_it_carries(is_secure):
    cookie = SessionCookie(KEY, is_secure=is_secure)
    attributes = cookie.attributes("token-1")

    assert attributes["value"] != "token-1"
    assert cookie.read({cookie.name: attributes["value"]}) == "token-1"


def test_a_cookie_that_we_did_not_sign_is_no_cookie():
    cookie = SessionCookie(KEY, is_secure=False)
    other = SessionCookie(KEY + "!", is_secure=False)
    forged = ["", "token", "token.", ".sig", "token.sig", "töken.sîg", other.attributes("token")["value"]]

    assert [cookie.read({"session": value}) for value in forged] == [None] * len(forged)
    assert cookie.read({}) is None


def test_a_cookie_over_https_is_bound_to_the_host():
    assert SessionCookie(KEY, is_secure=True).attributes("t") | {"value": ""} == {
        "key": "__Host-session",
        "value": "",
        "path": "/",
        "secure": True,
        "httponly": True,
        "samesite": "lax",
    }
    assert SessionCookie(KEY, is_secure=False).name == "session"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/admin/user/list",
        "/admin/user/list?search=a%5Cb%0A&sort=-name#row-3",
        "/admin/user/list?next=https://example.org//x",
        "/admin/item/details/a~2Fb;c",
        "/admin/größe",
    ],
)
def test_a_path_of_this_site_is_safe_to_go_on_to(path):
    assert safe_next(path) == path


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "admin",
        "//e",
        "///e",
        "/\\e",
        "\\\\e",
        "\\/e",
        "/%09/e",
        "/\t/e",
        "/\n/e",
        "/\r\nSet-Cookie: a=b",
        "/%0d%0aSet-Cookie:a=b",
        "/%5Ce",
        "/%2Fe",
        "/%2f%2fe",
        "/.//e",
        "https:e",
        "https:/e",
        "https://e",
        "HTTPS://e",
        "http:///e",
        "javascript:alert(1)",
        "data:text/html,x",
        "//user@e",
        "https://user:pass@e",
        "/\\user@e",
        " /admin",
        "\x00/admin",
        "/admin\x00",
        "/\u2028/e",
        "http://[",
        "//[",
        "?next=/admin",
        "#x",
        "/" + "a" * 3000,
    ],
)
def test_everything_else_is_not(target):
    assert safe_next(target) == ""
