"""The keys of all records that a list finds, whatever page they are on."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from admin_site.listing.listings import Listing
from admin_site.listing.query import ListQuery
from admin_site.listing.statements import narrowed, run


def matching_keys(
    session: Session, listing: Listing, query: ListQuery, most: int
) -> Sequence[tuple[Any, ...]]:
    """Return the keys of the records that `query` finds, in their own order, and not more than `most`.

    Raises BadRequest when the database cannot read a value in the query.
    """
    columns = [getattr(listing.description.model, name) for name in listing.description.key]
    keys: Select[Any] = narrowed(select(*columns), listing, query)
    return [tuple(row) for row in run(session, keys.distinct().order_by(*columns).limit(most))]
