"""What limited grants leave of a model: which rows, and which fields of which rows."""

from collections.abc import Callable, Iterable

from admin_site.permissions.identities import Identity
from admin_site.permissions.questions import limits
from admin_site.permissions.rights import LimitedGrant

Names = frozenset[str]


def scopes_of(identity: Identity, model: str, *actions: str) -> Names | None:
    """Return the names of the scopes that hold the rows of which somebody may do one of `actions`.

    None: every row. Without any right the names are none.
    """
    found: set[str] = set()
    for action in actions:
        held = limits(identity, action, model)
        if held is None or any(not grant.scope for grant in held):
            return None
        found.update(grant.scope for grant in held)
    return frozenset(found)


def fields_of_every_row(identity: Identity, action: str, model: str) -> Names | None:
    """Return the fields to which somebody may do `action` in every row of which they may do it.

    None: all fields.
    """
    held = limits(identity, action, model)
    if held is None:
        return None
    everywhere = [grant for grant in held if not grant.scope]
    if everywhere or not held:
        return _fields(everywhere)
    by_scope = [
        [grant for grant in held if grant.scope == scope] for scope in {grant.scope for grant in held}
    ]
    return _common(_fields(grants) for grants in by_scope)


def fields_of_row(
    identity: Identity, action: str, model: str, is_within: Callable[[str], bool]
) -> Names | None:
    """Return the fields to which somebody may do `action` in one row; None: all of them.

    `is_within` tells whether the row is in a scope of the view.
    """
    held = limits(identity, action, model)
    if held is None:
        return None
    return _fields(grant for grant in held if not grant.scope or is_within(grant.scope))


def _fields(grants: Iterable[LimitedGrant]) -> Names | None:
    """Return the fields that any of the grants gives."""
    found: set[str] = set()
    for grant in grants:
        if not grant.fields:
            return None
        found |= grant.fields
    return frozenset(found)


def _common(sets: Iterable[Names | None]) -> Names | None:
    """Return what is in all of these sets of fields."""
    named = [names for names in sets if names is not None]
    return frozenset.intersection(*named) if named else None
