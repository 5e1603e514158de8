"""A list on its way into a file: which columns, what of each record, and who took how much of it."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.datastructures import FormData

from admin_site import audit
from admin_site.admin.cells import NOT_WORKED_OUT
from admin_site.admin.downloads import Piece
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit, leads_over, passed
from admin_site.audit.acts import act_of
from admin_site.descriptions import Description, Field, describe
from admin_site.errors import Conflict
from admin_site.exporting import Column, Encoder, Format, with_distinct_headers
from admin_site.keys import encode_key
from admin_site.listing import LABEL, Count, ListQuery, Page, limited
from admin_site.listing.paths import resolve
from admin_site.listing.plans import Columns, Plan, plan
from admin_site.listing.streaming import interrupter, records, snapshot, tuples

AT_ONCE = 4  # downloads of one process; each holds a connection of its pool
BUSY = f"{AT_ONCE} downloads are under way already. Try again when one of them is done."

Read = Callable[[Any], Any]  # the value of one column from a record


@dataclass(frozen=True)
class Wish:
    """What somebody wants: these columns of a query's rows, in this format.

    `raw` values are those stored, `named` headers are the names of attributes. `marked` files begin with a
    byte order mark where the format has one. `words` say what the rows are.
    """

    view: AdminView
    query: ListQuery
    names: tuple[str, ...]
    format: Format
    raw: bool = False
    named: bool = False
    marked: bool = False
    words: str = ""


class Export:
    """One file in the making; it has a session of its own, which lasts until it is closed.

    Making it reads the first rows under the time limit of lists, so that what goes wrong does so before the
    first byte is sent. Raises TooSlow, BadRequest, and Conflict when too many are under way.
    """

    def __init__(self, visit: Visit, wish: Wish) -> None:
        self._visit = visit
        self._wish = wish
        self._act = act_of(visit.session)
        self._columns = columns_of(visit, wish)
        self._encoder = self._new_encoder()
        visit.session.rollback()  # a database in memory has one connection
        self._pieces = self._make()
        self.bytes_per_row = 0
        self._first: Piece | None = next(self._pieces)

    def next(self) -> Piece | None:
        first, self._first = self._first, None
        return first or next(self._pieces, None)

    def interrupt(self) -> None:
        self._interrupt()

    def broken(self, rows: int) -> bytes:
        return self._encoder.broken(rows)

    def close(self, rows: int, *, is_whole: bool) -> None:
        """End the session, and record that so many rows have left at most."""
        self._pieces.close()
        with self._visit.site.database.session() as session:
            audit.attribute(session, self._act)
            audit.note(
                session, "export", label=self._label(rows, is_whole), changes=self._facts(rows, is_whole)
            )

    def _make(self) -> Generator[Piece]:
        site = self._visit.site
        if not site.downloads.acquire(blocking=False):
            raise Conflict(BUSY)
        try:
            with site.database.session() as session:
                snapshot(session, self._wish.query.listing)
                self._interrupt = interrupter(session, self._wish.query.listing)
                parts = _at_most(self._wish.view.export_max_rows, self._parts(session))
                with limited(session, site.settings.list_time_limit):
                    first = next(parts, None)
                yield Piece(self._begun(first), len(first[0]) if first else 0)
                for values in parts:
                    yield Piece(self._encoder.rows(values), len(values[0]))
                yield Piece(self._encoder.finish(), 0)
        finally:
            site.downloads.release()

    def _begun(self, first: Columns | None) -> bytes:
        start = self._encoder.start()
        if first is None:
            return start
        self.bytes_per_row = self._weight(first)
        return start + self._encoder.rows(first)

    def _weight(self, values: Columns) -> int:
        """Return about how many bytes a row takes: what a file of these rows has more than one of none."""
        sample, nothing = self._new_encoder(), self._new_encoder()
        size = len(sample.start() + sample.rows(values) + sample.finish())
        return max(1, round((size - len(nothing.start() + nothing.finish())) / len(values[0])))

    def _new_encoder(self) -> Encoder:
        wish = self._wish
        return wish.format.write(self._columns, wish.view.name_plural, marked=wish.marked)

    def _parts(self, session: Any) -> Iterator[Columns]:
        wish = self._wish
        if way := _plan(self._visit, wish):
            return tuples(session, wish.query.listing, wish.query, way)
        # What hides related records asks the database too, in this session.
        visit = Visit(self._visit.site, self._visit.request, session, FormData())
        pages = records(session, wish.query.listing, wish.query, wish.names)
        return (_values(visit, wish, page) for page in pages)

    def _label(self, rows: int, is_whole: bool) -> str:
        ending = "" if is_whole else ", broke off"
        number = f"{rows:,} {'row' if rows == 1 else 'rows'}"
        return f"{self._wish.view.name_plural}: {number} as {self._wish.format.label}{ending}"

    def _facts(self, rows: int, is_whole: bool) -> dict[str, Any]:
        wish, url = self._wish, self._visit.request.url
        return {
            "list": wish.view.identity,
            "rows": rows,
            "complete": is_whole,
            "format": wish.format.name,
            "query": wish.words,
            "columns": list(wish.names),
            "values": "raw" if wish.raw else "shown",
            "address": url.path + (f"?{url.query}" if url.query else ""),
        }


def columns_of(visit: Visit, wish: Wish) -> tuple[Column, ...]:
    """Return the columns of the file."""
    return with_distinct_headers(
        [
            Column(
                header=name if wish.named else wish.view.label(name),
                name=name,
                field=_field(wish, name),
                raw=wish.raw,
                zone=visit.zone,
            )
            for name in wish.names
        ]
    )


def _field(wish: Wish, name: str) -> Field | None:
    """Return the field that tells what the values of a column are, or None where their types do."""
    if not wish.raw and name in wish.view.formatted_names:
        return None
    try:
        path = resolve(wish.view.description, name)
    except KeyError:
        return None
    if path.field is not None:
        return None if path.is_many else path.field
    is_key = wish.raw and not path.is_many and _has_plain_key(path.end)
    return path.end.field(path.end.key[0]) if is_key else None


def _has_plain_key(description: Description) -> bool:
    return len(description.key) == 1


def _plan(visit: Visit, wish: Wish) -> Plan | None:
    """Return how to read the columns without records, or None where only a record tells, or may not."""
    view = wish.view
    has_words = view.formats_types or view.export_options.has_cells
    if not wish.raw and (has_words or any(name in view.formatted_names for name in wish.names)):
        return None
    if any(visit.may_lead_to_hidden(view, name) for name in wish.names):
        return None
    return plan(wish.query.listing, wish.names, raw=wish.raw)


def _values(visit: Visit, wish: Wish, page: Page) -> Columns:
    """Return what the records of a page hold in the columns, nothing of what this person may not see."""
    over = [name for name in wish.names if visit.may_lead_to_hidden(wish.view, name)]
    hidden = visit.hidden([other for record in page.rows for name in over for other in passed(record, name)])
    values = []
    for name in wish.names:
        read = _reader(visit, wish, page, name)
        values.append(
            [None if leads_over(hidden, record, name) else read(record) for record in page.rows]
            if hidden and name in over
            else [read(record) for record in page.rows]
        )
    return values


def _reader(visit: Visit, wish: Wish, page: Page, name: str) -> Read:
    told, options = _told(visit, wish, page, name), wish.view.export_options
    if wish.raw or not options.has_cells:
        return told

    def read_cell(record: Any) -> Any:
        own = options.cell(record, name)
        return told(record) if own is None else own

    return read_cell


def _told(visit: Visit, wish: Wish, page: Page, name: str) -> Read:
    """Return what reads a value as the list shows it, or as it is stored."""
    view, description = wish.view, wish.view.description
    relation = next((item for item in description.relations if item.name == name), None)
    if relation and relation.many and not visit.may_list(relation.target):
        return lambda _: None
    if not wish.raw and name in view.formatted_names:
        return view.value_reader(visit.request, name, partial(_read, path=name))
    if name == LABEL:
        return page.label
    if relation is None:
        read = partial(_read, path=name)
        return read if wish.raw else view.value_reader(visit.request, name, read)
    if relation.many:
        counts = page.counts.get(name, {})
        return lambda record: _number(counts.get(description.key_of(record)))
    tell = _key if wish.raw else page.label
    return lambda record: None if (other := getattr(record, name)) is None else tell(other)


def _read(record: Any, path: str) -> Any:
    """Return what a dotted name of a record holds; what cannot be worked out is a matter of one cell."""
    value = record
    for name in path.split("."):
        try:
            value = getattr(value, name)
        except Exception:  # a property is anyone's code; a line in the log for every row would help nobody
            return NOT_WORKED_OUT
        if value is None:
            return None
    return value


def _key(record: Any) -> Any:
    description = describe(type(record))
    key = description.key_of(record)
    return key[0] if _has_plain_key(description) else encode_key(description, key)


def _number(count: Count | None) -> Any:
    if count is None:
        return 0
    return count.number if count.exact else str(count)


def _at_most(number: int, parts: Iterator[Columns]) -> Iterator[Columns]:
    """Yield no more rows than `number`, all of them where that is 0."""
    if not number:
        yield from parts
        return
    for values in parts:
        yield [column[:number] for column in values]
        number -= len(values[0])
        if number <= 0:
            return
