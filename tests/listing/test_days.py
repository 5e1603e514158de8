"""Words for days."""

from datetime import date

import pytest

from admin_site.listing.days import WORDS, days_of, phrase, within

TODAY = date(2026, 11, 21)  # a Saturday


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("today", date(2026, 11, 21), date(2026, 11, 22)),
        ("yesterday", date(2026, 11, 20), date(2026, 11, 21)),
        ("tomorrow", date(2026, 11, 22), date(2026, 11, 23)),
        ("this-week", date(2026, 11, 16), date(2026, 11, 23)),
        ("last-week", date(2026, 11, 9), date(2026, 11, 16)),
        ("next-week", date(2026, 11, 23), date(2026, 11, 30)),
        ("this-month", date(2026, 11, 1), date(2026, 12, 1)),
        ("last-month", date(2026, 10, 1), date(2026, 11, 1)),
        ("next-month", date(2026, 12, 1), date(2027, 1, 1)),
        ("this-year", date(2026, 1, 1), date(2027, 1, 1)),
        ("last-year", date(2025, 1, 1), date(2026, 1, 1)),
        ("last-7-days", date(2026, 11, 15), date(2026, 11, 22)),
        ("last-1-days", date(2026, 11, 21), date(2026, 11, 22)),
        ("next-7-days", date(2026, 11, 21), date(2026, 11, 28)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
        ("2026-02", date(2026, 2, 1), date(2026, 3, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_words_and_parts_of_dates_stand_for_whole_days(text: str, start: date, stop: date) -> None:
    days = days_of(text, TODAY)

    assert days is not None
    assert (days.start, days.stop) == (start, stop)


@pytest.mark.parametrize(
    "text", ["", "someday", "last-0-days", "last-99999-days", "last-days", "26", "٢٠٢٦", "2026-1"]
)
def test_other_texts_are_no_days(text: str) -> None:
    assert days_of(text, TODAY) is None


@pytest.mark.parametrize("text", ["2026-13", "2026-02-29", "0000"])
def test_days_that_no_calendar_has_are_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        days_of(text, TODAY)


@pytest.mark.parametrize("text", ["9999", "9999-12", "9999-12-31"])
def test_after_the_last_year_there_is_nothing(text: str) -> None:
    days = days_of(text, TODAY)

    assert days is not None
    assert days.stop is None


@pytest.mark.parametrize(
    ("text", "words", "place"),
    [
        ("last-7-days", "the last 7 days", "in the last 7 days"),
        ("next-7-days", "the next 7 days", "in the next 7 days"),
        ("this-week", "this week", "this week"),
        ("today", "today", "today"),
        ("2026", "2026", "in 2026"),
        ("2026-11", "November 2026", "in November 2026"),
        ("2026-11-21", "2026-11-21", "on 2026-11-21"),
    ],
)
def test_they_stand_in_sentences(text: str, words: str, place: str) -> None:
    assert (phrase(text), within(text)) == (words, place)


def test_every_word_that_is_offered_is_understood() -> None:
    assert all(days_of(word, TODAY) for word in WORDS)
