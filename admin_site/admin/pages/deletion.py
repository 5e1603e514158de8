"""Deleting a record: what it would do, then the deed."""

from typing import Any

from starlette.responses import Response

from admin_site.admin.answering import error_page
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Invalid
from admin_site.permissions import Action
from admin_site.services import records
from admin_site.services.deletion import Affected, Effect, consequences


def delete_record(visit: Visit) -> Response:
    """Say what deleting would do; a POST then does it."""
    view = visit.view(Action.DELETE)
    record = visit.record(view, Action.DELETE, visit.request.query_params.get("pks", ""))
    label = visit.label(record)
    back = visit.url(view, "details" if view.allows(visit.request, Action.DETAILS) else "edit", record)
    if not visit.is_post:
        return _deletion_page(visit, view, record, back)
    try:
        view.notify("on_model_delete", record, visit.request)
        records.delete(visit.session, visit.identity, view.description, record)
        visit.commit(view)
    except (Conflict, Invalid) as error:
        visit.session.rollback()
        return error_page(visit.site, visit.request, 409, f"{label} cannot be deleted", str(error))
    view.notify("after_model_delete", record, visit.request)
    return visit.go(visit.url(view, "list"), f"{view.name} “{label}” was deleted.")


def _deletion_page(visit: Visit, view: AdminView, record: Any, back: str) -> Response:
    affected = consequences(visit.session, record)
    label = visit.label(record)
    return visit.page(
        "delete.html",
        title=f"Delete {label}",
        view=view,
        record={"label": label},
        consequences=[_tally(visit, line) for line in affected if line.effect is not Effect.BLOCKING],
        blocked=[_tally(visit, line) for line in affected if line.effect is Effect.BLOCKING],
        action_url=visit.url(view, "delete", pks=view.key(record)),
        cancel_url=back,
        button_label=f"Delete {view.name.lower()}",
    )


def _tally(visit: Visit, line: Affected) -> dict[str, str]:
    name = visit.site.table_name(line.table)
    if line.effect is Effect.CLEARED:
        name += " (kept, without the reference)"
    return {"label": name, "count_text": f"{line.number:,}"}
