"""How many there are, for a price that does not grow with the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, Table, case, column, func, literal, select, text
from sqlalchemy.orm import Session, aliased

from admin_site.descriptions import Relation
from admin_site.listing.listings import Listing
from admin_site.listing.paths import key_among
from admin_site.listing.planner import Explained, top_of
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, matching, run, run_plain

if TYPE_CHECKING:
    from admin_site.listing.pages import Page

MAX_COUNTED = 10_000
MAX_RELATED = 1_000

RelatedCounts = Mapping[str, Mapping[tuple[Any, ...], "Count"]]

_UNKNOWN = -1
_FAR = 2  # times the limit: the idea may be older than the last rows
_IDEA = text("SELECT reltuples::bigint AS size FROM pg_class WHERE oid = to_regclass(:table)").columns(
    column("size", BigInteger)
)


@dataclass(frozen=True)
class Count:
    """A number that is exact, a lower bound, or, where `is_estimate`, about right."""

    number: int
    exact: bool = True
    is_estimate: bool = False

    def __str__(self) -> str:
        """Such as "1,234", "10,000+" or "about 10.0 million"."""
        if self.is_estimate:
            return f"about {_rounded(self.number)}"
        return f"{self.number:,}" if self.exact else f"{self.number:,}+"


def count(
    session: Session,
    listing: Listing,
    query: ListQuery,
    limit: int = MAX_COUNTED,
    page: "Page | None" = None,
) -> Count:
    """Return how many records match, exactly up to `limit`.

    A `page` of the same query that is the last one tells by itself. Of a whole table far beyond the limit
    PostgreSQL's own estimate is given, without a look at its rows.
    """
    if page is not None and not page.has_next and (page.start or not page.has_previous):
        return Count(page.stop or 0 if page.start else len(page.rows))
    row: Any = run(session, select(*total_columns(session, listing, query, limit))).one()
    return total_of(row[0], row[1], limit)


def total_columns(
    session: Session, listing: Listing, query: ListQuery, limit: int = MAX_COUNTED
) -> tuple[Any, Any]:
    """Return as SQL what `total_of` makes a count of, to be asked alone or with each row of a page."""
    if (table := _estimated_table(session, listing, query)) is None:
        return _number(listing, query, limit), literal(_UNKNOWN)

    def make() -> tuple[Any, Any]:
        idea = func.coalesce(_IDEA.bindparams(table=table).scalar_subquery(), _UNKNOWN)
        # PostgreSQL looks at the rows of the branch it takes only.
        return case((idea > _FAR * limit, None), else_=_number(listing, query, limit)), idea

    columns: tuple[Any, Any] = listing.keep(("total", table, limit), make)
    return columns


def total_of(number: int | None, estimate: int, limit: int = MAX_COUNTED) -> Count:
    """Return what a number, None where it is far over the limit, and the planner's idea of it say."""
    if number is not None and number <= limit:
        return Count(number)
    return Count(estimate, False, True) if estimate > limit else Count(limit, False)


def is_counted_quickly(session: Session, listing: Listing, query: ListQuery) -> bool:
    """Return whether counting takes hardly any time: of a whole table of which there is an estimate."""
    return _estimated_table(session, listing, query) is not None


def quick_count(session: Session, listing: Listing, query: ListQuery) -> Count | None:
    """Return how many records match as `count` does, or None where that would take longer than a page.

    PostgreSQL's planner is asked beforehand whether far more match than are counted; SQLite counts what it
    can find quickly and a page may take long there in any case.
    """
    if dialect_of(session, listing) == "postgresql" and not is_counted_quickly(session, listing, query):
        plan = run_plain(session, listing, Explained(_keys(listing, query))).scalar_one()
        if top_of(plan)["Plan Rows"] > MAX_COUNTED:
            return None
    return count(session, listing, query)


def exact(session: Session, listing: Listing, query: ListQuery) -> Count:
    """Return how many records match, however long that takes."""
    return Count(int(run(session, select(_number(listing, query, None))).scalar_one()))


def count_related(
    session: Session, listing: Listing, relations: Sequence[Relation], records: Sequence[object]
) -> RelatedCounts:
    """Return by relation and key how many others each record has: one query for the whole page."""
    if not relations or not records:
        return {}
    description = listing.description
    owner: Any = aliased(description.model)
    key = [getattr(owner, name) for name in description.key]
    keys = [description.key_of(record) for record in records]
    numbers = [_number_of(listing, relation, owner) for relation in relations]
    counts: dict[str, dict[tuple[Any, ...], Count]] = {relation.name: {} for relation in relations}
    for row in run(session, select(*key, *numbers).where(key_among(description, owner, keys))):
        for relation, number in zip(relations, row[len(key) :], strict=True):
            counts[relation.name][tuple(row[: len(key)])] = Count(
                min(number, MAX_RELATED), number <= MAX_RELATED
            )
    return counts


def _number(listing: Listing, query: ListQuery, limit: int | None) -> Any:
    bounded = _keys(listing, query).limit(None if limit is None else limit + 1).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


def _keys(listing: Listing, query: ListQuery) -> Select[Any]:
    model, key = listing.description.model, listing.description.key
    return matching(listing, query).with_only_columns(*(getattr(model, name) for name in key))


def _estimated_table(session: Session, listing: Listing, query: ListQuery) -> str | None:
    """Return the name of the table of which the query asks for every row, where the planner may know it."""
    mapper = listing.description.mapper
    is_whole = not query.is_narrowed and listing.scope is None and not mapper.single
    if (
        not is_whole
        or not isinstance(mapper.local_table, Table)
        or dialect_of(session, listing) != "postgresql"
    ):
        return None
    return str(session.get_bind(mapper).dialect.identifier_preparer.format_table(mapper.local_table))


def _number_of(listing: Listing, relation: Relation, owner: Any) -> Any:
    """Return a scalar subquery that counts one row's relatives, up to one more than MAX_RELATED."""
    description = listing.description
    same: Any = aliased(description.model)
    other = description.mapper.relationships[relation.name].entity.entity
    related = select(other).select_from(same).join(getattr(same, relation.name))
    if scope := listing.related_scopes.get(relation.target):
        related = scope(related)
    for name in description.key:
        related = related.where(getattr(same, name) == getattr(owner, name))
    some = related.with_only_columns(literal(1)).limit(MAX_RELATED + 1).correlate(owner).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _rounded(number: int) -> str:
    for size, word in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if number >= size:
            return f"{number / size:.1f} {word}"
    return f"{number:,}"
