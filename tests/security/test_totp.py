"""Codes of an authenticator app, and the codes that stand in for a lost one."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from admin_site.security import totp

# RFC 6238, appendix B: the secret of the SHA-1 rows, and the last six digits of their codes.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def code_at(secret, moment):
    return pyotp.TOTP(secret).at(moment)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_rfc_6238(seconds, code):
    moment = datetime.fromtimestamp(seconds, UTC)

    assert totp.step_of(SECRET, code, moment, None) == seconds // 30


@pytest.mark.parametrize(
    ("late", "is_right"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_wrong_by_one_step(late, is_right):
    now = datetime.fromtimestamp(1111111110, UTC)  # a step begins

    code = code_at(SECRET, now + timedelta(seconds=late))

    assert (totp.step_of(SECRET, code, now, None) is not None) is is_right


def test_no_code_of_a_step_that_was_used_or_is_earlier_works():
    step = totp.step_of(SECRET, code_at(SECRET, NOW), NOW, None)

    assert totp.step_of(SECRET, code_at(SECRET, NOW), NOW, step) is None
    assert totp.step_of(SECRET, code_at(SECRET, NOW - timedelta(seconds=30)), NOW, step) is None
    assert totp.step_of(SECRET, code_at(SECRET, NOW + timedelta(seconds=30)), NOW, step) == step + 1


@pytest.mark.parametrize("typed", ["{0} ", " {0}", "{1} {2}", "{1}-{2}", "{3}"])
def test_a_code_may_be_typed_with_spaces_and_on_any_keyboard(typed):
    code = code_at(SECRET, NOW)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)

    assert totp.step_of(SECRET, typed.format(code, code[:3], code[3:], wide), NOW, None) is not None


@pytest.mark.parametrize(
    "typed", ["", "0", "0000000", "abcdef", "\0" * 6, "½½½½½½", "٠" * 6, "1" * 100_000, "\ud800"]
)
def test_anything_else_is_no_code(typed):
    assert totp.step_of(SECRET, typed, NOW, None) is None


def test_every_secret_has_160_bits_and_is_another_one():
    secrets = {totp.new_secret() for _ in range(50)}

    assert len(secrets) == 50
    assert {len(secret) for secret in secrets} == {32}  # of 5 bits


def test_an_authenticator_reads_who_and_where_from_the_uri():
    uri = totp.setup_uri(SECRET, "ada@example.org", "Northwind & Co")

    read = pyotp.parse_uri(uri)
    assert (read.secret, read.name, read.issuer) == (SECRET, "ada@example.org", "Northwind & Co")
    assert (read.digits, read.interval) == (6, 30)


def test_a_recovery_code_has_112_bits_at_least_and_is_another_one_each_time():
    codes = {totp.new_recovery_code() for _ in range(200)}

    assert len(codes) == 200
    assert {len(code.replace("-", "")) * 5 for code in codes} == {120}
    assert set("".join(codes)) - {"-"} == set("0123456789abcdefghjkmnpqrstvwxyz")


def test_a_recovery_code_may_be_typed_in_capitals_without_dashes_and_with_letters_for_digits():
    code = "0123-abcd-1000-efgh-jkmn-pqrs"

    for typed in (
        code.upper(),
        code.replace("-", ""),
        code.replace("-", " "),
        "o1z".replace("z", "23") + code[4:],
    ):
        assert totp.recovery_text(typed) == totp.recovery_text(code)
    assert totp.recovery_text("OL23-ABCD-IOOO-EFGH-JKMN-PQRS") == totp.recovery_text(code)
    assert totp.recovery_text(code[:-1] + "t") != totp.recovery_text(code)


@pytest.mark.parametrize("typed", ["", "x" * 100_000, "a" + "\u0301" * 50_000])
def test_what_is_no_recovery_code_is_the_text_of_none(typed):
    assert totp.recovery_text(typed) == ""
