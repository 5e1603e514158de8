"""A right as a role grants it: whole, or limited to some fields and rows."""

from collections.abc import Iterable
from typing import Any, NamedTuple

Grant = tuple[str, str]  # the identity of a model, or *, and an action, or *


class LimitedGrant(NamedTuple):
    """A right to some fields, or to the rows of one of the view's scopes, or to both."""

    model: str
    action: str
    fields: frozenset[str] = frozenset()  # none named: all of them
    scope: str = ""  # "": all rows


Right = Grant | LimitedGrant


def right_of(grant: Any) -> Right:
    """Return the right that a RoleGrant, or a row with the same columns, stands for."""
    if not grant.fields and not grant.scope:
        return grant.model, grant.action
    return LimitedGrant(grant.model, grant.action, names_in(grant.fields), grant.scope or "")


def names_in(fields: str | None) -> frozenset[str]:
    """Return the names of the fields that a grant names."""
    return frozenset(name.strip() for name in (fields or "").split(",")) - {""}


def as_fields(names: Iterable[str]) -> str:
    """Return names of fields as a grant holds them: in alphabetical order with commas between."""
    return ",".join(sorted(set(names)))
