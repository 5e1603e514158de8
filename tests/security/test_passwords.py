"""How passwords are hashed and verified."""

import threading
import time

import pytest
from argon2 import PasswordHasher, Type

from admin_site.errors import Invalid
from admin_site.security.guessing import check_password
from admin_site.security.passwords import Passwords, Policy, is_same, new_password

CHEAP = Policy(memory_kib=8, time_cost=1, parallelism=1)


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
    person = {"user_name": "maria", "email_address": "maria@example.org", "minimum": 15}
    with pytest.raises(Invalid):
        check_password(text, **person)
    check_password("a violin under seven clouds", names=(text,), **person)
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


def test_a_hash_of_a_weaker_policy_is_to_be_made_anew():
    weak, strong = Passwords(CHEAP), Passwords(Policy(memory_kib=16, time_cost=1, parallelism=1))
    stored = weak.hash("a violin under seven clouds")

    assert strong.verify(stored, "a violin under seven clouds")
    assert strong.needs_rehash(stored)
    assert not weak.needs_rehash(stored)
    assert not weak.needs_rehash(strong.hash("a violin under seven clouds")), "it would be weakened"


@pytest.mark.parametrize("kind", [Type.D, Type.I])
def test_a_hash_of_another_kind_is_to_be_made_anew(kind):
    stored = PasswordHasher(memory_cost=64, time_cost=4, parallelism=1, type=kind).hash(
        "a violin under clouds"
    )

    assert Passwords(CHEAP).verify(stored, "a violin under clouds")
    assert Passwords(CHEAP).needs_rehash(stored)


def test_a_password_made_up_for_somebody_will_do_and_is_another_one_each_time():
    made = {new_password() for _ in range(50)}

    assert len(made) == 50
    for password in made:
        check_password(password, user_name="maria", email_address="maria@example.org", minimum=15)
    assert not set("".join(made)) & set("0O1lIio")


def test_passwords_are_the_same_on_every_keyboard():
    assert is_same("caf\u00e9 under seven clouds", "cafe\u0301 under seven clouds")
    assert not is_same("a violin under seven clouds", "A violin under seven clouds")
    assert not is_same("x" * 100_000, "x" * 100_000), "neither is anybody's"


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
