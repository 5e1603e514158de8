"""What is stored in a binary field, as a file to keep."""

import re
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from admin_site.admin.cells import read
from admin_site.admin.file_types import file_type
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Field, Kind
from admin_site.errors import NotFound
from admin_site.permissions import Action

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Should a browser show it all the same, nothing in it runs or loads.
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
}


def download_file(visit: Visit) -> Response:
    """Answer with the bytes of one field of a record, for those who may see it; no page ever shows them."""
    view = visit.view(Action.DETAILS)
    name = visit.request.path_params["name"]
    record = visit.record(view, Action.DETAILS, visit.request.path_params["pk"])
    field = _field(visit, view, name, record)
    value = read(record, field.name)
    if not isinstance(value, bytes | bytearray | memoryview):
        raise NotFound(f"{view.label(name)} of this {view.name.lower()} holds no file.")
    content = bytes(value)
    sort = file_type(content)
    disposition = f"attachment; filename*=UTF-8''{quote(_file_name(view, record, name))}.{sort.ending}"
    headers = {**HEADERS, "Content-Disposition": disposition}
    return Response(content, media_type=sort.media_type, headers=headers)


def _field(visit: Visit, view: AdminView, name: str, record: Any) -> Field:
    """Return a binary field that this person sees among the others; raises NotFound."""
    withheld = view.withheld_from(visit.request, Action.DETAILS, record)
    is_seen = name in view.shown_fields and name not in withheld
    for field in view.description.fields:
        if is_seen and field.name == name and field.kind is Kind.BINARY and not field.secret:
            return field
    raise NotFound(f"There is no file “{name[:100]}” here.")


def _file_name(view: AdminView, record: Any, name: str) -> str:
    """Return a name that every file system takes: "person-12-portrait"."""
    return re.sub(r"[^\w-]+", "-", f"{view.identity}-{view.key(record)}-{name}").strip("-")[:120]
