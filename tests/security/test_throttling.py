"""How long further attempts wait after failed ones."""

from datetime import timedelta

import pytest

from admin_site.security.throttling import ACCOUNT, ADDRESS, Limit, client_of

SECOND = timedelta(seconds=1)
LIMIT = Limit(free=3, first=10 * SECOND, longest=60 * SECOND, forgets=100 * SECOND)


def test_the_wait_begins_with_the_last_free_failure_and_doubles_to_the_longest():
    waits = [LIMIT.wait(failures) / SECOND for failures in range(9)]

    assert waits == [0, 0, 0, 10, 20, 40, 60, 60, 60]


def test_failures_are_forgotten_one_by_one_and_counted_no_further_than_the_wait_grows():
    assert LIMIT.counted(0, timedelta()) == 1
    assert LIMIT.counted(5, 99 * SECOND) == 6
    assert LIMIT.counted(5, 100 * SECOND) == 5
    assert LIMIT.counted(5, 1000 * SECOND) == 1
    assert LIMIT.counted(6, timedelta()) == LIMIT.most == 6
    assert LIMIT.memory == 600 * SECOND


def test_a_clock_that_was_set_back_forgets_nothing_and_counts_on():
    assert LIMIT.counted(2, -1000 * SECOND) == 3


@pytest.mark.parametrize("limit", [ACCOUNT, ADDRESS])
def test_every_limit_clears_within_a_day(limit):
    assert limit.longest <= timedelta(hours=1)
    assert limit.memory <= timedelta(days=1)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_client_is_an_address_or_the_network_of_a_customer(address, client):
    assert client_of(address) == client
