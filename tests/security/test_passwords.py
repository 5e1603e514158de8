"""How passwords are hashed, checked and chosen."""

import threading
import time

import pytest

from admin_site.errors import Invalid
from admin_site.security.passwords import Passwords, Policy, check_password

CHEAP = Policy(memory_kib=8, time_cost=1, parallelism=1)


def refusal(password, **values):
    """Return the words with which a password is refused, "" when it will do."""
    person = {"user_name": "maria.lindqvist", "email_address": "maria@lindqvist.example.org"} | values
    try:
        check_password(password, **person)
    except Invalid as error:
        return error.errors["password"]
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "a violin under seven clouds",
        "Tr0ub4dor&3 goes swimming",
        "839201748263950",
        "x9!Kq#2mZ$8vLp@",
        "#$%^&*()_+{}|:<>?~",
        "пароль на каждый день недели",
        "七つの雲の下のバイオリンを弾く人々",
        "     a   violin   under   clouds     ",
        "the princess and her seven dragons",
        "w" + "orum loquitur iste canis " * 40,
    ],
)
def test_a_password_of_unrelated_characters_or_words_will_do(password):
    assert refusal(password) == ""


@pytest.mark.parametrize("password", ["", "short", "fourteen chars"])
def test_a_password_under_15_characters_is_refused(password):
    assert "15 characters" in refusal(password)


def test_64_characters_and_up_to_1024_will_do_and_no_more():
    words = "".join(f"word{number * 7919 % 1000}" for number in range(200))

    assert refusal(words[:64]) == refusal(words[:1024]) == ""
    assert "1,024" in refusal(words[:1025])


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaa",
        "                    ",
        "abcabcabcabcabcabc",
        "123456789012345678",
        "abcdefghijklmnopqrst",
        "qwertyuiopasdfghjkl",
        "1q2w3e4r5t6y7u8i9o0p",
        "passwordpassword",
        "Password1234567!",
        "iloveyouiloveyou1",
        "changeme-changeme",
        "admin-password-123",
        "zyxwvutsrqponmlkj",
        "1qaz2wsx3edc4rfv5tgb",
        "!QAZ2wsx#EDC4rfv1qaz",
        "Summer2024Summer2024",
        "Summer2024-Summer2024!",
    ],
)
def test_repeated_sequential_and_common_passwords_are_refused(password):
    assert "easy to guess" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "maria.lindqvist",
        "MARIA.LINDQVIST1",
        "maria@lindqvist.example.org",
        "lindqvist-lindqvist-1",
        "MariaMariaMaria1990",
        "Northwind College",
        "northwindcollege2024!",
        "ｍａｒｉａ.ｌｉｎｄｑｖｉｓｔ",
    ],
)
def test_a_password_made_of_the_own_name_the_address_or_the_site_is_refused(password):
    words = refusal(password, names=("Maria", "Lindqvist", None, "", "Northwind College"))

    assert "your own name" in words


def test_a_one_letter_name_forbids_no_password_that_contains_it():
    assert refusal("a violin under seven clouds", user_name="a", email_address="a@b.c") == ""


def test_with_a_second_factor_eight_characters_are_enough():
    check_password("k7#vQz!m", user_name="maria", email_address="maria@example.org", minimum=8)


def test_a_hash_is_argon2id_with_64_mib_three_passes_and_four_lanes():
    assert Passwords().hash("a violin under seven clouds").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_only_the_right_password_verifies():
    passwords = Passwords(CHEAP)
    stored = passwords.hash("a violin under seven clouds")

    assert passwords.verify(stored, "a violin under seven clouds")
    assert not passwords.verify(stored, "a violin under seven cloud")
    assert not passwords.verify(stored, "A violin under seven clouds")
    assert not passwords.verify(stored, "")


def test_the_last_character_of_a_long_password_counts():
    passwords = Passwords(CHEAP)

    assert not passwords.verify(passwords.hash("x" * 1023 + "a"), "x" * 1023 + "b")


def test_a_password_typed_on_another_keyboard_is_the_same():
    passwords = Passwords(CHEAP)

    assert passwords.verify(passwords.hash("caf\u00e9 under seven clouds"), "cafe\u0301 under seven clouds")


@pytest.mark.parametrize("text", ["nul\0 in the middle", "half a pair \ud800", "", "x" * 100_000])
def test_any_text_can_be_tried_as_a_password(text):
    passwords = Passwords(CHEAP)

    assert not passwords.verify(passwords.hash("a violin under seven clouds"), text)


def test_an_over_long_password_is_refused_before_it_is_normalized():
    text, passwords = "a" + "\u0301\u0316" * 100_000, Passwords(CHEAP)
    stored = passwords.hash("a violin under seven clouds")

    start = time.thread_time()
    assert not passwords.verify(stored, text)
    assert not passwords.verify(None, text)
    assert "1,024" in refusal(text)
    assert refusal("a violin under seven clouds", names=(text,)) == ""
    with pytest.raises(Invalid):
        passwords.hash(text)

    assert time.thread_time() - start < 1


def test_no_password_is_right_for_an_account_without_one():
    passwords = Passwords(CHEAP)

    assert not passwords.verify(None, "the password of nobody")
    assert not passwords.verify("not a hash", "anything")


def test_an_account_without_a_password_costs_as_much_as_one_with():
    passwords = Passwords(Policy(memory_kib=8 * 1024, time_cost=2, parallelism=1))
    stored = passwords.hash("a violin under seven clouds")

    def seconds(password_hash):
        samples = []
        for _ in range(15):
            start = time.thread_time()
            passwords.verify(password_hash, "wrong")
            samples.append(time.thread_time() - start)
        return min(samples)

    assert seconds(None) == pytest.approx(seconds(stored), rel=0.5)


def test_the_first_unknown_account_costs_one_hash_like_any_other():
    passwords = Passwords(Policy(memory_kib=32 * 1024, time_cost=4, parallelism=1))
    stored = passwords.hash("a violin under seven clouds")

    def seconds(passwords, password_hash):
        start = time.thread_time()
        passwords.verify(password_hash, "wrong")
        return time.thread_time() - start

    fresh = [Passwords(Policy(memory_kib=32 * 1024, time_cost=4, parallelism=1)) for _ in range(8)]
    first = min(seconds(each, None) for each in fresh)
    known = min(seconds(passwords, stored) for _ in range(8))

    assert first < 1.6 * known


def test_a_hash_of_another_policy_is_to_be_made_anew():
    weak, strong = Passwords(CHEAP), Passwords(Policy(memory_kib=16, time_cost=1, parallelism=1))
    stored = weak.hash("a violin under seven clouds")

    assert strong.verify(stored, "a violin under seven clouds")
    assert strong.needs_rehash(stored)
    assert not weak.needs_rehash(stored)


def test_no_more_hashes_run_at_once_than_allowed():
    passwords = Passwords(CHEAP, concurrency=2)
    running, most = 0, 0
    lock = threading.Lock()
    inner = passwords._hasher.hash

    class Counting:
        def hash(self, password):
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1
            return inner(password)

    passwords._hasher = Counting()
    threads = [threading.Thread(target=passwords.hash, args=("x",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 2
