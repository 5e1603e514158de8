"""Excel workbooks (ECMA-376), written as they are sent: nothing is gone back to and nothing is kept.

What does not fit into one sheet goes on in a second one.
"""

from collections.abc import Iterator, Mapping, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from admin_site.exporting import sheets
from admin_site.exporting.columns import Column
from admin_site.exporting.encoders import Columns, Encoder, Write

MAX_ROWS = 1_048_576  # of one sheet, its header included
MAX_CHARACTERS = sheets.MAX_CHARACTERS
MAX_SHEET = (
    2**30
)  # bytes of one sheet's XML; zip needs another form from 2 GiB on, which not all programs read
LEVEL = 3  # of zlib: a third of the time of its default, and files that are a tenth larger

_ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATIONS = f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">%s</Relationships>'
_RELATION = f'<Relationship Id="%s" Type="{_OFFICE}/%s" Target="%s"/>'
# Every part is a sheet unless it is said to be another thing: how many there will be, nobody knows yet.
_CONTENT_TYPES = (
    f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Default Extension="xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
)
_HEAD = (
    f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    "<cols>%s</cols><sheetData>"
)
_COLUMN = '<col min="%d" max="%d" width="%.2f" customWidth="1"/>'
_FOOT = "</sheetData></worksheet>"
_FONTS = (
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
)
_DAY_FORMAT, _MOMENT_FORMAT, _FIRST_FORMAT = 164, 165, 166  # numbers below are Excel's own


class WorkbookEncoder(Encoder):
    """`title` names the sheets."""

    empty = sheets.EMPTY
    max_rows = MAX_ROWS

    def __init__(self, columns: Sequence[Column], title: str = "") -> None:
        super().__init__(columns, title)
        self._letters = [_letters(place) for place in range(len(columns))]
        self._output = _Output()
        self._archive = ZipFile(self._output, "w", ZIP_DEFLATED, compresslevel=LEVEL)
        self._sheets = 0

    def start(self) -> bytes:
        self._write("[Content_Types].xml", _CONTENT_TYPES)
        self._write("_rels/.rels", _RELATIONS % _RELATION % ("rId1", "officeDocument", "xl/workbook.xml"))
        self._write("xl/styles.xml", _styles())
        self._begin_sheet()
        return self._output.taken()

    def rows(self, values: Columns) -> bytes:
        rows = zip(*self.texts(values), strict=True)
        for lines in self._numbered(rows):
            data = "".join(lines).encode()
            self._bytes += len(data)
            self._sheet.write(data)
        return self._output.taken()

    def finish(self) -> bytes:
        self._end_sheet()
        numbers = range(1, self._sheets + 1)
        parts = [(f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in numbers]
        parts.append((f"rId{self._sheets + 1}", "styles", "styles.xml"))
        self._write("xl/workbook.xml", self._workbook())
        self._write("xl/_rels/workbook.xml.rels", _RELATIONS % "".join(_RELATION % part for part in parts))
        self._archive.close()
        return self._output.taken()

    def broken(self, rows: int) -> bytes:
        return b""  # an archive without its end is opened by nothing

    def writers(self, column: Column) -> Mapping[type, Write]:
        return sheets.writers(column)

    def _numbered(self, rows: Iterator[tuple[str, ...]]) -> Iterator[list[str]]:
        """Yield the rows as XML, those of each sheet together."""
        row = self._row
        lines: list[str] = []
        for texts in rows:
            if self._next >= self.max_rows or self._bytes > MAX_SHEET:
                yield lines
                lines = []
                self._end_sheet()
                self._begin_sheet()
            self._next += 1
            lines.append(row.replace("#", str(self._next)) % texts)
        yield lines

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._next = 0
        self._bytes = 0
        self._sheet = self._archive.open(f"xl/worksheets/sheet{self._sheets}.xml", "w")
        widths = (
            _COLUMN % (place, place, sheets.width_of(column)) for place, column in enumerate(self.columns, 1)
        )
        header = tuple(sheets.text_cell(column.header, sheets.HEADER) for column in self.columns)
        self._next = 1
        head = _HEAD % "".join(widths) + self._row.replace("#", "1") % header
        self._sheet.write(head.encode())

    def _end_sheet(self) -> None:
        self._sheet.write(_FOOT.encode())
        self._sheet.close()

    @property
    def _row(self) -> str:
        """A row whose number is # and whose cells are left to be filled in."""
        cells = "".join(f'<c r="{letters}#"%s' for letters in self._letters)
        return f'<row r="#">{cells}</row>'

    def _workbook(self) -> str:
        entries = "".join(
            f'<sheet name="{sheets.escaped(name)}" sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(self._sheet_names(), 1)
        )
        return f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{entries}</sheets></workbook>'

    def _sheet_names(self) -> list[str]:
        """Return the title as Excel allows it: at most 31 characters, some of them not, no quote around."""
        title = " ".join(self.title.translate(_ILLEGAL).replace('"', " ").split()).strip("'")[:25].strip("' ")
        title = title if title and title.lower() != "history" else "Rows"
        return [title, *(f"{title} {number}" for number in range(2, self._sheets + 1))]

    def _write(self, name: str, text: str) -> None:
        self._archive.writestr(name, text)


class _Output:
    """What an archive is written to; without `tell` and `seek`, so that nothing is ever gone back to."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def taken(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data


def _letters(place: int) -> str:
    """Return the name of a column, from 0: A, B, ..., Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _styles() -> str:
    decimals = range(sheets.MAX_SCALE + 1)
    formats = [(_DAY_FORMAT, "yyyy-mm-dd"), (_MOMENT_FORMAT, "yyyy-mm-dd hh:mm:ss")]
    formats += [(_FIRST_FORMAT + scale, "0" + "." * bool(scale) + "0" * scale) for scale in decimals]
    # In the order of PLAIN, HEADER, DAY, MOMENT, TEXT, FIRST_DECIMAL, ... of the cells.
    looks = [
        _look(0),
        _look(0, 'fontId="1" applyFont="1"'),
        _look(_DAY_FORMAT),
        _look(_MOMENT_FORMAT),
        _look(0, 'quotePrefix="1"'),
        *(_look(_FIRST_FORMAT + scale) for scale in decimals),
    ]
    named = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in formats)
    return (
        f'{_XML}<styleSheet xmlns="{_MAIN}"><numFmts count="{len(formats)}">{named}</numFmts>{_FONTS}'
        f'<cellXfs count="{len(looks)}">{"".join(looks)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def _look(number_format: int, more: str = "") -> str:
    font = "" if "fontId" in more else 'fontId="0" '
    applied = ' applyNumberFormat="1"' if number_format else ""
    return f'<xf numFmtId="{number_format}" {font}fillId="0" borderId="0" xfId="0"{applied} {more}/>'
