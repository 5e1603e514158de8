"""The forms whose contents are kept until they are saved: where they stand, and what of them is stored."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from starlette.requests import Request

from admin_site.admin.forms import DRAFT, FIND, SAVE, WHO
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import Description, Field, Kind, Relation, describe
from admin_site.errors import Forbidden, NotFound
from admin_site.permissions import Action
from admin_site.security.tokens import Seal, safe_next
from admin_site.services.powers import why_not

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite

RESTORE = "restore"
CHANGED = ":changed"
PASSWORD_AGAIN = ":password"  # noqa: S105 - the name of a field, of which nothing is ever kept

NO_FORM = "No form that can be kept stands at this address."

_PAGES = re.compile(r"/(?P<identity>[^/]+)/(?:(?P<create>create)|edit/(?P<key>.+)|(?P<rows>edit-rows))")
_PASSING = frozenset({SAVE, FIND, DRAFT, CHANGED, PASSWORD_AGAIN})
_ROW = re.compile(r"\d+/")


@dataclass(frozen=True)
class KeptForm:
    """The form that stands at `address`: of a record with this key, of a new one, or of a list's rows."""

    address: str
    view: AdminView
    key: str = ""
    has_rows: bool = False

    def require(self, visit: Visit) -> None:
        """Raise Forbidden or NotFound unless the person who asks may save this form."""
        if not self.view.allows(visit.request, Action.EDIT if self.key or self.has_rows else Action.CREATE):
            raise Forbidden(f"You may not change {self.view.name_plural.lower()}.")
        if not self.key:
            return
        record = visit.record(self.view, Action.EDIT, self.key)
        if reason := why_not(visit.session, visit.identity, Action.EDIT, record):
            raise Forbidden(reason)

    def keepable(self, pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
        """Return what of the form may be stored: fields of its own that are neither files nor secrets."""
        return [(name, text) for name, text in pairs if isinstance(text, str) and self._is_keepable(name)]

    @property
    def left_out(self) -> list[str]:
        """What the form asks for and nothing keeps: the labels of its files and secrets."""
        names = self.view.editable_names if self.has_rows else self.view.form_names
        items = [(name, _item(self.view.description, name)) for name in names]
        return [self.view.label(name) for name, item in items if item is not None and _is_left_out(item)]

    def _is_keepable(self, name: str) -> bool:
        if self.has_rows and (row := _ROW.match(name)):
            rest = name[row.end() :]
            return rest == "key" or rest.startswith(":") or self._is_field(rest)
        return name not in _PASSING if name.startswith(":") else self._is_field(name)

    def _is_field(self, name: str) -> bool:
        *path, last = name.split("|")
        base, _, part = last.partition(":")
        description = self.view.description
        for step in path:
            description = _below(description, step)
        if part == "search":
            return False
        item = _item(description, base)
        return last.startswith(":") if item is None else not _is_left_out(item, part)


def form_at(site: "AdminSite", request: Request, address: str) -> KeptForm:
    """Return the form at an address of this site; raises NotFound when none that can be kept is there."""
    parts = urlsplit(safe_next(address))
    return _form_at(site, request, parts.path, parts.query)


def form_here(site: "AdminSite", request: Request) -> KeptForm | None:
    """Return the form whose page is asked for, None where it is none that can be kept."""
    try:
        return _form_at(site, request, request.url.path, request.url.query)
    except NotFound:
        return None


def _form_at(site: "AdminSite", request: Request, path: str, query: str) -> KeptForm:
    base, plain = site.base_path(request), unquote(path)
    found = _PAGES.fullmatch(plain.removeprefix(base)) if plain.startswith(f"{base}/") else None
    if found is None:
        raise NotFound(NO_FORM)
    view = site.find_view(found["identity"])
    if found["rows"] and not view.editable_names:
        raise NotFound(NO_FORM)
    # A record has one form, however one came to it; what a new one begins with is in the address.
    own = "" if found["key"] else without_draft(query)
    return KeptForm(path + own, view, found["key"] or "", bool(found["rows"]))


def without_draft(query: str) -> str:
    """Return the query of an address, with its question mark, without what it asks about a draft."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != DRAFT]
    return f"?{urlencode(pairs)}" if pairs else ""


def restore_url(address: str) -> str:
    """Return where a form is shown with its draft."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode({DRAFT: RESTORE})}"


def owner_mark(visit: Visit) -> str:
    """Return what a form carries to tell for whom it was made."""
    return _owners(visit).sign(str(visit.identity.user_id))


def other_owner(visit: Visit, fields: Mapping[str, str]) -> uuid.UUID | None:
    """Return who a form was made for when that is somebody else than the person who asks."""
    try:
        owner = uuid.UUID(_owners(visit).read(fields.get(WHO, "")))
    except ValueError:
        return None
    return owner if owner != visit.identity.user_id else None


def _owners(visit: Visit) -> Seal:
    return visit.site.seals.about("owner of a form")


def _below(description: Description, step: str) -> Description:
    """Return what a step of an inline row's name leads to: a relation's target, or a row of the same kind."""
    item = _item(description, step)
    return describe(item.target) if isinstance(item, Relation) else description


def _item(description: Description, name: str) -> Field | Relation | None:
    if not description.has(name):
        return None
    relations: Iterator[Relation] = (item for item in description.relations if item.name == name)
    return next(relations, None) or description.field(name)


def _is_left_out(item: Field | Relation, part: str = "") -> bool:
    if not isinstance(item, Field):
        return False
    return item.secret or (item.kind is Kind.BINARY and not part)
