"""Deleting a record: what it would do, then the deed."""

from typing import Any

from sqlalchemy import inspect
from starlette.responses import Response

from admin_site.admin.associations import name_of
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import describe
from admin_site.errors import Conflict, Invalid
from admin_site.keys import encode_key
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.deletion import Affected, Effect, consequences
from admin_site.services.powers import why_not


def delete_record(visit: Visit) -> Response:
    """Say what deleting would do; a POST then does it."""
    view = visit.view(Action.DELETE)
    key = visit.request.query_params.get("pks", "")
    record = visit.record(view, Action.DELETE, key)
    label = visit.label(record)
    back = visit.url(view, "details" if view.allows(visit.request, Action.DETAILS) else "edit", record)
    if not visit.is_post:
        reason = why_not(visit.session, visit.identity, Action.DELETE, record)
        return _deletion_page(visit, view, record, back, reason)
    try:
        view.notify("on_model_delete", record, visit.request)
        records.delete(visit.session, visit.identity, view.description, record)
        visit.commit(view)
    except (Conflict, Invalid) as error:
        visit.session.rollback()
        return _deletion_page(visit, view, visit.record(view, Action.DELETE, key), back, str(error), 409)
    view.notify("after_model_delete", record, visit.request)
    return visit.go(visit.url(view, "list"), f"{view.name} “{label}” was deleted.")


def _deletion_page(
    visit: Visit, view: AdminView, record: Any, back: str, reason: str, status: int = 200
) -> Response:
    """Say what deleting would do and what stands in its way: `reason`, or records that need this one."""
    affected = consequences(visit.session, record)
    label = name_of(visit, record)
    return visit.page(
        "delete.html",
        status=status,
        title=f"Delete {label}",
        view=view,
        record={"label": label},
        list_url=visit.url(view, "list") if view.allows(visit.request, Action.LIST) else None,
        reason=reason,
        consequences=[_tally(visit, record, line) for line in affected if line.effect is not Effect.BLOCKING],
        blocked=[_tally(visit, record, line) for line in affected if line.effect is Effect.BLOCKING],
        action_url=visit.url(view, "delete", pks=view.key(record)),
        cancel_url=back,
        button_label=f"Delete {view.name.lower()}",
    )


def _tally(visit: Visit, record: Any, line: Affected) -> dict[str, str]:
    name = visit.site.table_name(line.table)
    if line.effect is Effect.CLEARED:
        name += " (kept, without the reference)"
    return {"label": name, "count_text": f"{line.number:,}", "url": _list_of(visit, record, line)}


def _list_of(visit: Visit, record: Any, line: Affected) -> str:
    """Return the address of the list of exactly these rows, "" where a list cannot be asked for them."""
    if len(line.ways) != 1 or line.ways[0].sources[0].table not in inspect(record).mapper.tables:
        return ""
    columns = set(line.ways[0].columns)
    for view in visit.site.model_views:
        if view.description.mapper.local_table is line.table and view.allows(visit.request, Action.LIST):
            for relation in view.description.relations:
                own = {view.description.field(name).column for name in relation.columns}
                if own == columns and relation.name in view.listing.filters:
                    owner = describe(type(record))
                    key = encode_key(owner, owner.key_of(record))
                    return visit.url(view, "list", **{relation.name: key})
    return ""
