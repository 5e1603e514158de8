"""The numbers by which people order rows, changed as little as possible."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

FIRST = 1


def renumber(
    positions: Sequence[int | None],
    before: int | None = None,
    after: int | None = None,
    greatest: int | None = None,
) -> list[int]:
    """Return numbers that put rows in the order they stand in, most of them the ones they have.

    `positions` are what the rows have now, None for new ones; `before` and `after` are those of the rows next
    to them on other pages, `greatest` is that of the last row of all. Rows that are in order already stay;
    others get numbers between them. Where there is no room, the numbers that the rows have are dealt out
    anew, with higher ones than any for the new.
    """
    kept = _longest_rise(positions)
    found: dict[int, int] = {}
    edges = [-1, *kept, len(positions)]
    for left, right in pairwise(edges):
        low = positions[left] if left >= 0 else before
        high = positions[right] if right < len(positions) else after
        numbers = _between(low, high, right - left - 1)
        if numbers is None:
            return _dealt_out(positions, greatest)
        found |= dict(zip(range(left + 1, right), numbers, strict=True))
    known = {place: number for place in kept if (number := positions[place]) is not None}
    return [(known | found)[place] for place in range(len(positions))]


def _between(low: int | None, high: int | None, count: int) -> range | None:
    """Return `count` whole numbers that rise between two others, or None when there is no room."""
    if low is not None:
        first = low + 1
    elif high is None:
        first = FIRST
    else:
        first = high - count
        if count and first < min(high, FIRST):
            return None
    return range(first, first + count) if high is None or first + count <= high else None


def _longest_rise(positions: Sequence[int | None]) -> list[int]:
    """Return the places of the longest subsequence that rises (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []  # the place of each tail
    previous: dict[int, int] = {}
    for place, number in enumerate(positions):
        if number is None:
            continue
        length = bisect_left(tails, number)
        previous[place] = ends[length - 1] if length else -1
        tails[length:] = [number] if length == len(tails) else [number, *tails[length + 1 :]]
        ends[length:] = [place] if length == len(ends) else [place, *ends[length + 1 :]]
    rise = []
    place = ends[-1] if ends else -1
    while place >= 0:
        rise.append(place)
        place = previous[place]
    return rise[::-1]


def _dealt_out(positions: Sequence[int | None], greatest: int | None) -> list[int]:
    numbers = sorted(number for number in positions if number is not None)
    last = max([FIRST - 1, *numbers[-1:], *([] if greatest is None else [greatest])])
    numbers += range(last + 1, last + 1 + len(positions) - len(numbers))
    for place in range(1, len(numbers)):
        numbers[place] = max(numbers[place], numbers[place - 1] + 1)
    return numbers
