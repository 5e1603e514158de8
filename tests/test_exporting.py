"""Files made of rows: what each format does with values, and with texts that are not harmless."""

import csv
import io
import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from markupsafe import Markup

from admin_site.descriptions import Choice, Field, Kind, Unreadable
from admin_site.exporting import FORMATS, Column, disposition, file_name, with_distinct_headers
from admin_site.exporting.formulas import is_formula, neutral, original
from admin_site.exporting.workbooks import WorkbookEncoder
from tests.exported import cells, looks, sheet_names, sheet_rows

IDENTIFIER = UUID("123e4567-e89b-12d3-a456-426614174000")
EAST = timezone(timedelta(hours=5, minutes=30))
MOMENT = datetime(2026, 3, 1, 9, 30, 15)
INSTANT = MOMENT.replace(tzinfo=UTC)


class Level(IntEnum):
    HIGH = 3


def written(format_name: str, columns: list[Column], *parts: list[tuple[Any, ...]], **options: Any) -> bytes:
    """Return the file of some rows that come in parts."""
    encoder = FORMATS[format_name].write(columns, "Rows", **options)
    data = encoder.start()
    for part in parts:
        data += encoder.rows(list(zip(*part, strict=True)))
    return data + encoder.finish()


def one(format_name: str, value: Any, field: Field | None = None, **facts: Any) -> Any:
    """Return what one value has become; of CSV the text as it stands in the file."""
    content = written(format_name, [Column("A", "a", field, **facts)], [(value,)])
    if format_name == "csv":
        return content.decode().removeprefix("A\r\n").removesuffix("\r\n")
    if format_name == "xlsx":
        return sheet_rows(content)[1][0]
    found = json.loads(content)
    return (found[0] if format_name == "json" else found)["A"]


SHOWN_AND_RAW: list[tuple[Any, str, str]] = [
    (True, "Yes", "true"),
    (12, "12", "12"),
    (Level.HIGH, "3", "3"),
    (-0.5, "-0.5", "-0.5"),
    (Decimal("1E+2"), "100", "100"),
    (Decimal("-12.50"), "-12.50", "-12.50"),
    (date(2026, 3, 1), "2026-03-01", "2026-03-01"),
    (MOMENT, "2026-03-01 09:30:15", "2026-03-01T09:30:15"),
    (INSTANT, "2026-03-01 09:30:15+00:00", "2026-03-01T09:30:15+00:00"),
    (time(9, 30), "09:30:00", "09:30:00"),
    (IDENTIFIER, str(IDENTIFIER), str(IDENTIFIER)),
    (b"\0\xff", "2 bytes", "00ff"),
    (Markup("<b>Ada &amp; Co</b>"), "Ada & Co", "Ada & Co"),
    (Unreadable("n/a"), "n/a", "n/a"),
    ("a, b", '"a, b"', '"a, b"'),
    ('say "hi"', '"say ""hi"""', '"say ""hi"""'),
    ("two\r\nlines", '"two\r\nlines"', '"two\r\nlines"'),
]


@pytest.mark.parametrize(("value", "shown", "raw"), SHOWN_AND_RAW, ids=str)
def test_a_cell_of_csv_is_the_value_as_shown_or_as_stored(value: Any, shown: str, raw: str):
    assert one("csv", value) == shown
    assert one("csv", value, raw=True) == raw


def test_csv_tells_nothing_from_an_empty_text():
    columns = [Column("A"), Column("B")]

    assert written("csv", columns, [(None, ""), ("", None)]) == b'A,B\r\n,""\r\n"",\r\n'


def test_a_csv_of_one_column_has_no_empty_line():
    assert written("csv", [Column("A")], [(None,), ("x",)]) == b'A\r\n""\r\nx\r\n'


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_file_without_rows_is_whole(format_name: str):
    content = written(format_name, [Column("A"), Column("B")])

    if format_name == "xlsx":
        assert sheet_rows(content) == [["A", "B"]]
    else:
        assert content == {"csv": b"A,B\r\n", "json": b"[]\n", "jsonl": b""}[format_name]


@pytest.mark.parametrize("format_name", FORMATS)
def test_parts_make_the_file_that_all_rows_at_once_make(format_name: str):
    rows = [(number, f"name {number}", None if number % 2 else "x, y") for number in range(9)]
    columns = [Column("A"), Column("B"), Column("C")]

    together, apart = (written(format_name, columns, *parts) for parts in ([rows], [rows[:4], rows[4:]]))

    if format_name == "xlsx":
        assert sheet_rows(together) == sheet_rows(apart)
    else:
        assert together == apart


TEXTS = [
    "plain",
    "",
    "=1+1",
    "+49 30 1234",
    "-1",
    "@sum(a1)",
    "\tx",
    "\rx",
    "\n=1",
    "＝1+1",
    "'=1+1",
    "''-x",
    "'quoted'",
    " =1",
    'a "b", c',
    "line\nbreak",
    "עברית 🦊",
    "{}%s",
    "",
]


def test_no_cell_of_csv_begins_like_a_formula_and_every_text_can_be_had_back():
    content = written("csv", [Column("A"), Column("B")], [(text, "x") for text in TEXTS])

    found = [row[0] for row in csv.reader(io.StringIO(content.decode(), newline=""))][1:]

    assert not [text for text in found if text[:1] and text[0] in "=+-@\t\r\n＝＋－＠"]
    assert [original(text) for text in found] == TEXTS
    assert all(original(neutral(text)) == text for text in TEXTS)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.INTEGER, Kind.JSON, Kind.LITERAL, Kind.DATE, Kind.BOOLEAN])
def test_a_text_is_no_formula_in_whatever_column_it_is_stored(kind: Kind, text: str):
    """SQLite keeps any text in any column."""
    field = Field("a", "A", kind)

    for raw in (True, False):
        cell = next(csv.reader(io.StringIO(one("csv", text, field, raw=raw), newline="")))[0]
        assert not is_formula(cell.removeprefix("'")) or cell.startswith("'")
        assert cell[0] not in "=+-@\t\r"


def test_headers_are_no_formulas():
    assert written("csv", [Column("=1+1"), Column("B")]).startswith(b"'=1+1,B")
    assert cells(written("xlsx", [Column("=1+1")]))["A1"].get("t") == "inlineStr"


def test_texts_of_a_workbook_are_texts_also_after_an_edit():
    content = written("xlsx", [Column("A")], [(text,) for text in TEXTS])

    found = [row[0] for row in sheet_rows(content)][1:]
    quoted = {
        place
        for place, cell in cells(content).items()
        if looks(content)[int(cell.get("s", "0"))].get("quotePrefix") == "1"
    }

    assert found == TEXTS
    assert quoted == {f"A{place}" for place, text in enumerate(TEXTS, 2) if is_formula(text)}
    assert all(cell.get("t") == "inlineStr" for cell in cells(content).values())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (12, 12),
        (10**15 - 1, 10**15 - 1),
        (10**15, "1000000000000000"),
        (-(10**15), "-1000000000000000"),
        (1.5, 1.5),
        (float("inf"), "inf"),
        (Decimal("12.50"), 12.5),
        (Decimal("-0.000000000001"), -0.000000000001),
        (Decimal("123456789012345.6"), "123456789012345.6"),
        (Decimal("NaN"), "NaN"),
        (True, True),
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(1899, 1, 1), "1899-01-01"),
        (MOMENT, MOMENT),
        (datetime(1800, 1, 1, 9), "1800-01-01 09:00:00"),
        (datetime.max, datetime.max.replace(microsecond=0)),
        (None, None),
    ],
    ids=str,
)
def test_a_workbook_keeps_what_its_numbers_and_dates_can_hold(value: Any, expected: Any):
    found = one("xlsx", value)

    assert (type(found), found) == (type(expected), expected)


def test_a_workbook_shows_instants_in_the_viewers_zone_and_keeps_raw_ones_as_text():
    assert one("xlsx", INSTANT, zone=EAST) == datetime(2026, 3, 1, 15, 0, 15)
    assert one("xlsx", INSTANT, zone=EAST, raw=True) == "2026-03-01T09:30:15+00:00"


def test_a_workbook_shows_the_decimals_of_a_column():
    content = written(
        "xlsx", [Column("A", "a", Field("a", "A", Kind.DECIMAL, scale=2))], [(Decimal("12.50"),)]
    )

    with ZipFile(io.BytesIO(content)) as archive:
        styles = ElementTree.fromstring(archive.read("xl/styles.xml"))
    codes = {
        item.get("numFmtId"): item.get("formatCode") for item in styles.iter() if item.tag.endswith("numFmt")
    }
    look = looks(content)[int(cells(content)["A2"].get("s", "0"))]
    assert codes[look["numFmtId"]] == "0.00"


def test_a_cell_that_holds_no_more_says_that_it_was_cut():
    found = one("xlsx", "x" * 40_000)

    assert len(found) == 32_767
    assert found.endswith("… (cut: a cell holds no more)")


@pytest.mark.parametrize(
    "text", ["\0\x01\x1f", "_x0041_ and _x005F_", "\ud800", "\ufffe", "<a>&amp;</a>", "\r\n", "  "]
)
def test_a_workbook_holds_every_character(text: str):
    assert one("xlsx", text) == text


class SmallSheets(WorkbookEncoder):
    max_rows = 4


def test_rows_beyond_a_sheet_are_on_the_next_one():
    encoder = SmallSheets([Column("A")], "Rows")

    content = encoder.start() + encoder.rows([[1, 2]]) + encoder.rows([[3, 4, 5, 6, 7]]) + encoder.finish()

    assert sheet_names(content) == ["Rows", "Rows 2", "Rows 3"]
    assert [sheet_rows(content, number) for number in (1, 2, 3)] == [
        [["A"], [1], [2], [3]],
        [["A"], [4], [5], [6]],
        [["A"], [7]],
    ]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Users", "Users"),
        ("A/B: [x]*?", "A B x"),
        ("'quoted'", "quoted"),
        ("History", "Rows"),
        ("", "Rows"),
        ("x" * 40, "x" * 25),
    ],
)
def test_a_sheet_has_a_name_that_excel_allows(title: str, name: str):
    encoder = FORMATS["xlsx"].write([Column("A")], title)

    assert sheet_names(encoder.start() + encoder.finish()) == [name]


def test_a_workbook_that_breaks_off_is_no_archive():
    encoder = FORMATS["xlsx"].write([Column("A")], "Rows")
    content = encoder.start() + encoder.rows([[1, 2]]) + encoder.broken(2)

    with pytest.raises(Exception, match="not a zip file"):
        ZipFile(io.BytesIO(content))


@pytest.mark.parametrize("format_name", ["json", "jsonl"])
def test_json_that_breaks_off_is_none(format_name: str):
    encoder = FORMATS[format_name].write([Column("A")], "Rows")
    content = encoder.start() + encoder.rows([[1, 2]]) + encoder.broken(2)

    with pytest.raises(json.JSONDecodeError):
        [json.loads(part) for part in (content.splitlines() if format_name == "jsonl" else [content])]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", ""),
        (True, True),
        (2**70, 2**70),
        (0.1, 0.1),
        (float("nan"), "nan"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+2"), "100"),
        (date(2026, 3, 1), "2026-03-01"),
        (INSTANT, "2026-03-01T09:30:15+00:00"),
        (IDENTIFIER, str(IDENTIFIER)),
        (b"\0\xff", "AP8="),
        ('"\\\n\0 %s', '"\\\n\0 %s'),
        ("\ud800", "\ud800"),
        (Unreadable("n/a"), "n/a"),
        ({"odd": object}, "{'odd': <class 'object'>}"),
    ],
    ids=str,
)
def test_json_holds_values_exactly(value: Any, expected: Any):
    assert one("jsonl", value, raw=True) == expected


@pytest.mark.parametrize(
    ("kind", "value"), [(Kind.JSON, {"a": [1, None]}), (Kind.JSON, "text"), (Kind.MAPPING, {"a": None})]
)
def test_documents_are_themselves_in_json_and_their_text_elsewhere(kind: Kind, value: Any):
    field = Field("a", "A", kind)

    assert one("jsonl", value, field) == value
    assert json.loads(next(csv.reader([one("csv", value, field)]))[0]) == value


COLOURS = Field("a", "A", Kind.CHOICE, choices=(Choice("r", "Red", 1), Choice("b", "Blue", 2)))


def test_a_choice_is_its_label_or_its_text():
    for format_name in FORMATS:
        assert one(format_name, 2, COLOURS) == "Blue"
        assert one(format_name, 2, COLOURS, raw=True) == "b"
        assert one(format_name, Unreadable("green"), COLOURS) == "green"


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_value_of_another_type_than_the_others_is_none_the_less_written(format_name: str):
    field = Field("a", "A", Kind.INSTANT)
    values = [INSTANT, None, "yesterday", datetime.max.replace(tzinfo=UTC), 7, object]
    column = Column("A", "a", field, zone=EAST)

    content = written(format_name, [column, Column("B")], [(value, 1) for value in values])

    assert content.count(b"yesterday") == 1 or format_name == "xlsx"
    assert format_name != "xlsx" or [row[0] for row in sheet_rows(content)[3:]] == [
        "yesterday",
        "9999-12-31 23:59:59.999999+00:00",
        "7",
        "<class 'object'>",
    ]


def test_equal_headers_are_told_apart_by_the_attributes():
    columns = with_distinct_headers(
        [Column("Name", "name"), Column("Name", "user.name"), Column("Age", "age")]
    )

    assert [column.header for column in columns] == ["Name (name)", "Name (user.name)", "Age"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("User types", "user-types-2026-11-21.csv"),
        ("Größen & Maße", "größen-maße-2026-11-21.csv"),
        ("../../etc/passwd\r\nX: y", "etc-passwd-x-y-2026-11-21.csv"),
        ("***", "rows-2026-11-21.csv"),
    ],
)
def test_a_file_is_called_by_its_list_and_day(title: str, name: str):
    assert file_name(title, date(2026, 11, 21), "csv") == name


def test_every_browser_learns_the_name():
    assert (
        disposition("größen.csv")
        == "attachment; filename=\"groen.csv\"; filename*=UTF-8''gr%C3%B6%C3%9Fen.csv"
    )
