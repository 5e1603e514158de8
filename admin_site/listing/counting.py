"""How many there are, for a price that does not grow with the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, func, literal, select, text
from sqlalchemy.orm import Session, aliased

from admin_site.descriptions import Relation
from admin_site.listing.listings import Listing
from admin_site.listing.paths import key_among
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import dialect_of, matching, run

MAX_COUNTED = 10_000
MAX_RELATED = 1_000

RelatedCounts = Mapping[str, Mapping[tuple[Any, ...], "Count"]]

_ESTIMATE = text("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(:name)")


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


def count(session: Session, listing: Listing, query: ListQuery, limit: int | None = MAX_COUNTED) -> Count:
    """Return how many records match: exactly up to `limit`, of all of them where that is None.

    Of a whole table beyond the limit PostgreSQL's own estimate is given.
    """
    model, key = listing.description.model, listing.description.key
    keys = matching(listing, query).with_only_columns(*(getattr(model, name) for name in key))
    number = _counted(session, keys, limit)
    if limit is None or number <= limit:
        return Count(number)
    estimate = _estimate(session, listing, query)
    return Count(estimate, False, True) if estimate > limit else Count(limit, False)


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


def _counted(session: Session, statement: Select[Any], limit: int | None) -> int:
    bounded = statement.limit(None if limit is None else limit + 1).subquery()
    return int(run(session, select(func.count()).select_from(bounded)).scalar_one())


def _estimate(session: Session, listing: Listing, query: ListQuery) -> int:
    """Return the planner's idea of a table's size, or -1 where it has none."""
    mapper = listing.description.mapper
    is_whole = not query.is_narrowed and listing.scope is None and not mapper.single
    if (
        not is_whole
        or not isinstance(mapper.local_table, Table)
        or dialect_of(session, listing) != "postgresql"
    ):
        return -1
    name = session.get_bind(mapper).dialect.identifier_preparer.format_table(mapper.local_table)
    return int(run(session, _ESTIMATE.bindparams(name=name)).scalar() or -1)


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
