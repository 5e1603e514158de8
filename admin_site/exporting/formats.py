"""The formats a list can be exported in, and what their files are called."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from admin_site.exporting.columns import Column
from admin_site.exporting.delimited import CsvEncoder, MarkedCsvEncoder
from admin_site.exporting.documents import JsonEncoder, JsonLinesEncoder
from admin_site.exporting.encoders import Encoder
from admin_site.exporting.workbooks import WorkbookEncoder

_UNSAFE = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Format:
    """One sort of file; `marked` is the encoder of files with a byte order mark, where there is one."""

    name: str
    label: str
    help: str
    media_type: str
    encoder: type[Encoder]
    marked: type[Encoder] | None = None

    def write(self, columns: Sequence[Column], title: str, *, marked: bool = False) -> Encoder:
        """Return an encoder for one file."""
        make = self.marked if marked and self.marked else self.encoder
        return make(columns, title)


FORMATS: Mapping[str, Format] = {
    item.name: item
    for item in (
        Format(
            "xlsx",
            "Excel workbook",
            "Numbers and dates are Excel's own; a long list goes on in a second sheet.",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            WorkbookEncoder,
        ),
        Format(
            "csv",
            "CSV",
            "For other programs: one line a row, values between commas.",
            "text/csv; charset=utf-8",
            CsvEncoder,
            MarkedCsvEncoder,
        ),
        Format(
            "jsonl",
            "JSON Lines",
            "For programs: each row is an object on a line of its own.",
            "application/jsonl; charset=utf-8",
            JsonLinesEncoder,
        ),
        Format(
            "json",
            "JSON",
            "For programs: one list of all rows.",
            "application/json; charset=utf-8",
            JsonEncoder,
        ),
    )
}


def file_name(title: str, day: date, format_name: str) -> str:
    """Return what a file is called: "user-types-2026-11-21.csv"; letters of all languages stay."""
    words = _UNSAFE.sub("-", unicodedata.normalize("NFC", title).lower()).strip("-_")[:80]
    return f"{words or 'rows'}-{day.isoformat()}.{format_name}"


def disposition(name: str) -> str:
    """Return the header that makes a browser keep a file under `name` (RFC 6266)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
