"""How long further attempts wait after failed ones."""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

SITE_OF_ONE = 64  # bits: whoever has one address of IPv6 commonly has all that begin alike (RFC 6177)


@dataclass(frozen=True)
class Limit:
    """`free` failures cost nothing but the last of them; from that on each doubles the wait.

    The wait grows from `first` up to `longest`. One failure is forgotten whenever the time `forgets` passes
    without another.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgets: timedelta

    @property
    def most(self) -> int:
        """The number of failures from which on the wait grows no more, and no more are counted."""
        doublings, wait = 0, self.first
        while wait < self.longest:
            doublings, wait = doublings + 1, wait * 2
        return self.free + doublings

    @property
    def memory(self) -> timedelta:
        """How long it takes at most until every failure is forgotten."""
        return self.most * self.forgets

    def counted(self, failures: int, passed: timedelta) -> int:
        """Return how many failures there are with one more, `passed` after the last one."""
        forgotten = max(0, passed // self.forgets)
        return min(max(0, failures - forgotten) + 1, self.most)

    def wait(self, failures: int) -> timedelta:
        """Return how long to wait after that many failures."""
        if failures < self.free:
            return timedelta()
        return min(self.first * (1 << (failures - self.free)), self.longest)


MINUTE = timedelta(minutes=1)

ACCOUNT = Limit(free=10, first=MINUTE, longest=60 * MINUTE, forgets=60 * MINUTE)
"""At most one guess an hour in the long run, far below the 100 of NIST SP 800-63B-4, section 3.2.2."""

ADDRESS = Limit(free=30, first=MINUTE, longest=15 * MINUTE, forgets=2 * MINUTE)
"""Whole offices come from one address: it may fail at many accounts."""


def client_of(address: str) -> str:
    """Return what counts as one client: an address, of IPv6 the network that one customer is given."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, SITE_OF_ONE), strict=False))
