"""Forms that come when their record is gone, or after they were saved: nothing that was typed is lost."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from admin_site.admin.comparing import STATE
from admin_site.admin.conflicts import deleted_by
from admin_site.admin.form_state import FormState
from admin_site.admin.pages.inline_posts import is_owned
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Description
from admin_site.errors import NotFound
from admin_site.keys import decode_key, find
from admin_site.permissions import Action

MAY_ADD = "What you typed is below: save it as a new record, or leave it."
MAY_NOT_ADD = "What you typed is below, for you to copy."
HIDDEN = "You may no longer see this record, so nothing was saved. What you typed is below, for you to copy."
SAVED = "This was saved already, as “{label}”."
SAVED_AND_GONE = "This was saved already, and deleted since or hidden from you."
CHANGED = " What you have typed since is below: save it to change that record."
ANOTHER = " What you have typed since is below: saving it adds another record."


def was_shown(visit: Visit, view: AdminView, key: str, form: Mapping[str, Any]) -> bool:
    """Return whether a form comes from a page that showed this person the record with that key."""
    try:
        FormState.read(visit.seal_of(view, key), str(form.get(STATE, "")), ())
    except ValueError:
        return False
    return True


def names_typed(visit: Visit, view: AdminView) -> list[str]:
    """Return the fields and relations that a form has, whatever their values."""
    posted = {name.partition(":")[0] for name in visit.form if not name.startswith(":")}
    return [name for name in view.form_names if name in posted]


def gone_words(visit: Visit, view: AdminView, key: str) -> str:
    if _exists(visit, view, key):
        return HIDDEN
    who = deleted_by(visit, view, key)
    by = f"was deleted by {who}" if who else "was deleted meanwhile"
    rest = MAY_ADD if may_make_again(visit, view, key) else MAY_NOT_ADD
    return f"This {view.name.lower()} {by}, so nothing was saved. {rest}"


def may_make_again(visit: Visit, view: AdminView, key: str) -> bool:
    """Return whether a record that is gone can be made anew from its form, by this person."""
    has_one_kind = len(list(view.description.mapper.self_and_descendants)) == 1
    return has_one_kind and view.allows(visit.request, Action.CREATE) and not _exists(visit, view, key)


def key_values(view: AdminView, key: str) -> dict[str, Any]:
    """Return the parts of a key that a new record can be given."""
    description = view.description
    parts = zip(description.key, decode_key(description, key), strict=True)
    return {name: part for name, part in parts if _can_be_given(description, name)}


def saved_before(visit: Visit, view: AdminView) -> Any:
    """Return the record that a form made when it was sent before, None when it is gone or not to be seen."""
    if visit.earlier is None or not visit.earlier.key:
        return None
    try:
        return visit.within_scope(view, visit.earlier.key)
    except NotFound:
        return None


def saved_words(visit: Visit, record: Any) -> str:
    return SAVED_AND_GONE if record is None else SAVED.format(label=visit.label(record))


def leave_rows(visit: Visit) -> None:
    """Take the rows out of a form that was sent: their record is gone, or they are stored already."""
    assert visit.digest  # noqa: S101 - of all that was sent
    visit.form = FormData([(name, value) for name, value in visit.form.multi_items() if not is_owned(name)])


def _can_be_given(description: Description, name: str) -> bool:
    column = description.field(name).column
    if column is None or column.computed is not None:
        return False
    return column.identity is None or not column.identity.always


def _exists(visit: Visit, view: AdminView, key: str) -> bool:
    try:
        find(visit.session, view.description, decode_key(view.description, key))
    except NotFound:
        return False
    return True
