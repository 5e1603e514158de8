"""How values look."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from admin_site.admin.cells import (
    EMPTY,
    EMPTY_TEXT,
    NO,
    NOT_WORKED_OUT,
    YES,
    initials,
    read,
    show,
    show_plain,
)
from admin_site.descriptions import Field, Kind

EVIL = "<script>alert(1)</script>\"'&"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;"


@pytest.mark.parametrize(
    ("kind", "value", "html"),
    [
        (Kind.TEXT, "Ada", "Ada"),
        (Kind.TEXT, "", str(EMPTY_TEXT)),
        (Kind.TEXT, None, str(EMPTY)),
        (Kind.TEXT, EVIL, ESCAPED),
        (Kind.INTEGER, 1234567, "1,234,567"),
        (Kind.DECIMAL, Decimal("1.50"), "1.50"),
        (Kind.BOOLEAN, True, str(YES)),
        (Kind.BOOLEAN, False, str(NO)),
        (Kind.DATE, date(2026, 3, 1), '<span class="num">2026-03-01</span>'),
        (Kind.DATETIME, datetime(2026, 3, 1, 9, 30), '<span class="num">2026-03-01 09:30</span>'),
        (
            Kind.INSTANT,
            datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=2))),
            "<time>2026-03-01 07:30</time>",
        ),
        (Kind.INSTANT, datetime(1, 1, 1, tzinfo=UTC), "0001-01-01 00:00</time>"),
        (Kind.JSON, {"a": EVIL}, "&lt;script&gt;"),
        (Kind.BINARY, b"abc", '<span class="num">3 bytes</span>'),
        (Kind.ARRAY, [1, None, 2], "1, –, 2"),
        (Kind.INTEGER, "not a number", "not a number"),
    ],
)
def test_a_value_looks_like_its_kind(kind: Kind, value: Any, html: str):
    shown = show(Field("x", "X", kind), value, short=True)

    assert html in str(shown)
    assert "<script" not in shown


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("short", [True, False])
def test_markup_in_a_value_is_shown_never_obeyed(kind: Kind, short: bool):
    for value in (EVIL, EVIL * 100, EVIL + "\n" + EVIL, [EVIL], {EVIL: EVIL}):
        item = Field("x", "X", Kind.TEXT)
        assert "<script" not in str(show(Field("x", "X", kind, item=item), value, short=short))
        assert "<script" not in str(show_plain(value, short=short))


def test_a_long_text_is_cut_in_a_list_and_whole_on_a_page():
    text = "word " * 100

    assert len(str(show(Field("x", "X", Kind.TEXT), text, short=True))) < 1000
    assert "…" in show(Field("x", "X", Kind.TEXT), text, short=True)
    assert show(Field("x", "X", Kind.TEXT), text) == text


def test_a_property_that_fails_is_a_matter_of_one_cell():
    class Broken:
        @property
        def sum(self) -> int:
            raise ZeroDivisionError

    value = read(Broken(), "sum")

    assert value is NOT_WORKED_OUT
    assert show(Field("sum", "Sum", Kind.INTEGER), value) == NOT_WORKED_OUT


@pytest.mark.parametrize(
    ("name", "expected"), [("Ada Lovelace", "AL"), ("ada", "A"), ("", ""), ("- -", ""), ("Ada B Cole", "AC")]
)
def test_initials_are_those_of_the_first_and_the_last_name(name: str, expected: str):
    assert initials(name) == expected
