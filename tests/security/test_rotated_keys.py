"""What was signed with an earlier secret key, and what was signed with one that counts no more."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from admin_site.admin.flashes import Flashes
from admin_site.security.tokens import Seals, SessionCookie

OLD = "the old secret of the tests, long enough"
NEW = "the new secret of the tests, long enough"


def cookie_value(*keys: str) -> str:
    return SessionCookie(*keys, is_secure=False).attributes("token")["value"]


def message_in(flashes: Flashes, cookie: str) -> dict[str, str]:
    header = [(b"cookie", f"flash={cookie}".encode())]
    return flashes.read(Request({"type": "http", "headers": header}))


def cookie_left_by(flashes: Flashes) -> str:
    response = Response()
    flashes.leave(Request({"type": "http", "headers": []}), response, {"text": "Saved."})
    return response.headers["set-cookie"].split("=", 1)[1].split(";", 1)[0]


def test_the_first_key_signs():
    assert cookie_value(NEW, OLD) == cookie_value(NEW) != cookie_value(OLD)


@pytest.mark.parametrize(("keys", "token"), [((NEW, OLD), "token"), ((NEW,), None)])
def test_a_cookie_of_an_earlier_key_is_read_as_long_as_that_key_is_named(keys, token):
    assert SessionCookie(*keys, is_secure=False).read({"session": cookie_value(OLD)}) == token


@pytest.mark.parametrize(("keys", "message"), [((NEW, OLD), {"text": "Saved."}), ((NEW,), {})])
def test_a_message_of_an_earlier_key_is_read_as_long_as_that_key_is_named(keys, message):
    path: dict[str, Any] = {"path": "/admin", "is_secure": False}

    assert message_in(Flashes(*keys, **path), cookie_left_by(Flashes(OLD, **path))) == message
    assert message_in(Flashes(OLD, **path), cookie_left_by(Flashes(*keys, **path))) == {}


def test_a_page_of_an_earlier_key_goes_on_with_the_digests_it_holds():
    page = Seals(OLD).about("form", "ada")
    sealed = page.sign({"name": page.digest(b"Botany")})

    after = Seals(NEW, OLD).about("form", "ada")
    facts = after.read(sealed)

    assert after.digest(b"Botany") == facts["name"]
    assert Seals(NEW, OLD).about("form", "ada").read(after.sign(facts)) == facts
    assert Seals(NEW, OLD).about("form", "ada").digest(b"Botany") != facts["name"]


def test_a_page_of_a_key_that_counts_no_more_is_refused_and_changes_nothing():
    seal = Seals(NEW, OLD).about("form", "ada")
    digest = seal.digest(b"Botany")

    with pytest.raises(ValueError, match="not signed"):
        seal.read(Seals("another secret of the tests, long enough").about("form", "ada").sign({}))

    assert seal.digest(b"Botany") == digest
