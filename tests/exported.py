"""Reads the workbooks of an export as a spreadsheet does."""

import io
import re
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ODD = re.compile("_x([0-9A-F]{4})_")
_EPOCH = datetime(1899, 12, 30)


def sheet_names(content: bytes) -> list[str]:
    return [sheet.get("name", "") for sheet in _part(content, "xl/workbook.xml").iter(f"{_MAIN}sheet")]


def sheet_rows(content: bytes, number: int = 1) -> list[list[Any]]:
    """Return the values of a sheet; a cell that is shown as a date or a moment is one."""
    sheet = _part(content, f"xl/worksheets/sheet{number}.xml")
    formats = _formats(content)
    rows = []
    for place, row in enumerate(sheet.iter(f"{_MAIN}row"), 1):
        assert row.get("r") == str(place)
        rows.append([_value(cell, formats) for cell in row])
    return rows


def cells(content: bytes, number: int = 1) -> dict[str, ElementTree.Element]:
    """Return the cells of a sheet by their places, such as "B2"."""
    sheet = _part(content, f"xl/worksheets/sheet{number}.xml")
    return {cell.get("r", ""): cell for cell in sheet.iter(f"{_MAIN}c")}


def looks(content: bytes) -> list[dict[str, str]]:
    """Return the attributes of the looks that cells refer to by number."""
    styles = _part(content, "xl/styles.xml").find(f"{_MAIN}cellXfs")
    assert styles is not None
    return [look.attrib for look in styles]


def _part(content: bytes, name: str) -> ElementTree.Element:
    with ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return ElementTree.fromstring(archive.read(name))


def _formats(content: bytes) -> list[str]:
    codes = {
        item.get("numFmtId"): item.get("formatCode", "")
        for item in _part(content, "xl/styles.xml").iter(f"{_MAIN}numFmt")
    }
    return [codes.get(look["numFmtId"], "") for look in looks(content)]


def _value(cell: ElementTree.Element, formats: list[str]) -> Any:
    if cell.get("t") == "inlineStr":
        text = cell.findtext(f"{_MAIN}is/{_MAIN}t") or ""
        return _ODD.sub(lambda match: chr(int(match[1], 16)), text)
    number = cell.findtext(f"{_MAIN}v")
    if number is None:
        return None
    if cell.get("t") == "b":
        return number == "1"
    shown_as = formats[int(cell.get("s", "0"))]
    if "yyyy" in shown_as:
        moment = _EPOCH + timedelta(days=float(number))
        return moment.replace(microsecond=0) if "hh" in shown_as else date(*moment.timetuple()[:3])
    return float(number) if "." in number or "e" in number else int(number)
