"""What the rights of a role are called."""

from admin_site.admin.grant_matrix import Cell, Limits, actions_of_all
from admin_site.permissions import WILDCARD, Grantable, action_label

ALL_MODELS = "All models"
ALL_ACTIONS = "All actions"


def words_of(grantable: Grantable, cell: Cell) -> str:
    """Return what a right is called, such as "Courses: Edit"."""
    model, action = cell
    kind = grantable.kinds.get(model)
    name = ALL_MODELS if model == WILDCARD else kind.name if kind else model
    known = kind.actions if kind else actions_of_all(grantable)
    label = ALL_ACTIONS if action == WILDCARD else known.get(action) or action_label(action)
    return f"{name}: {label}"


def limits_in_words(grantable: Grantable, model: str, left: Limits) -> str:
    """Return what a grant leaves of a model, such as "only Name and End date; Only active ones"."""
    kind = grantable.kinds.get(model)
    fields = kind.fields if kind else {}
    parts = []
    if left.fields:
        parts.append("only " + ", ".join(fields.get(name, name) for name in sorted(left.fields)))
    if left.scope:
        parts.append((kind.scopes if kind else {}).get(left.scope, left.scope))
    return "; ".join(parts)


def in_words(grantable: Grantable, cell: Cell, left: Limits) -> str:
    """Return what a right is called with what limits it."""
    words = words_of(grantable, cell)
    return f"{words} ({limits_in_words(grantable, cell[0], left)})" if left else words
