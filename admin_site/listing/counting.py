"""How many there are, for a price that does not grow with the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Table, case, column, func, literal, select, text
from sqlalchemy.orm import Session, aliased

from admin_site.descriptions import Relation
from admin_site.listing.listings import Listing
from admin_site.listing.paths import key_among
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, matching, run

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
    table = _estimated_table(session, listing, query)
    number: int | None
    if table is None:
        number, estimate = _counted(session, listing, query, limit), _UNKNOWN
    else:
        number, estimate = _counted_or_estimated(session, listing, query, limit, table)
    if number is not None and number <= limit:
        return Count(number)
    return Count(estimate, False, True) if estimate > limit else Count(limit, False)


def exact(session: Session, listing: Listing, query: ListQuery) -> Count:
    """Return how many records match, however long that takes."""
    return Count(_counted(session, listing, query, None))


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


def _counted(session: Session, listing: Listing, query: ListQuery, limit: int | None) -> int:
    return int(run(session, select(_number(listing, query, limit))).scalar_one())


def _counted_or_estimated(
    session: Session, listing: Listing, query: ListQuery, limit: int, table: str
) -> tuple[int | None, int]:
    """Return the number and the planner's idea of it; None as number where that is far over the limit."""
    idea = select(
        func.coalesce(_IDEA.bindparams(table=table).scalar_subquery(), _UNKNOWN).label("size")
    ).subquery()
    is_far_over = idea.c.size > _FAR * limit
    # PostgreSQL looks at the rows of the branch it takes only.
    number = case((is_far_over, None), else_=_number(listing, query, limit))
    row: Any = run(session, select(number, idea.c.size)).one()
    return row[0], int(row[1])


def _number(listing: Listing, query: ListQuery, limit: int | None) -> Any:
    model, key = listing.description.model, listing.description.key
    keys = matching(listing, query).with_only_columns(*(getattr(model, name) for name in key))
    bounded = keys.limit(None if limit is None else limit + 1).subquery()
    return select(func.count()).select_from(bounded).scalar_subquery()


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
