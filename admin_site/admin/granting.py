"""What roles can be granted on the records of a view."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from admin_site.admin.view_rights import FLAGS
from admin_site.models import User
from admin_site.permissions import NEVER, Action, GrantableModel, action_label

if TYPE_CHECKING:
    from admin_site.admin.views import AdminView


def granting_of(view: "AdminView") -> GrantableModel:
    """Return the actions, fields and rows of a view that a grant may name, each with its words.

    What nobody can ever do there is left out.
    """
    return GrantableModel(
        identity=view.identity,
        name=view.name_plural,
        actions=dict(_actions(view)),
        fields={name: view.label(name) for name in _field_names(view)},
        scopes={name: scope.label for name, scope in view.row_scopes.items()},
        rows=view.row_rules,
    )


def _actions(view: "AdminView") -> Iterator[tuple[str, str]]:
    for action in Action:
        is_about_people = action.startswith("action:")
        if is_about_people and view.model is not User:
            continue
        is_open = getattr(view, FLAGS[action]) if action in FLAGS else True
        if is_open and not view.why_not(action) and (view.identity, action) not in NEVER:
            yield str(action), action_label(action)
    for slug, label in view._custom_actions_in_list.items():
        yield f"action:{slug}", label
    for item in view.bulk_actions.values():
        yield item.right, item.label
    for slug, label, _ in view.action_buttons():
        yield f"action:{slug}", label


def _field_names(view: "AdminView") -> Iterator[str]:
    """Yield what of a record a grant may name: a relation stands for its foreign keys, too."""
    described = view.description
    covered = {column for relation in described.relations for column in relation.columns}
    for field in described.fields:
        if not field.secret and field.name not in covered:
            yield field.name
    yield from (relation.name for relation in described.relations)
