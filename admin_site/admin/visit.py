"""One request as a page sees it: who asks for what, in which session."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import anyio.from_thread
from markupsafe import Markup
from sqlalchemy import Select, false, inspect, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, undefer
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from admin_site.admin.look import look_of
from admin_site.admin.preferred import preferred
from admin_site.descriptions import describe
from admin_site.errors import BadRequest, Forbidden
from admin_site.keys import Scope, decode_key, find
from admin_site.languages import say
from admin_site.listing import Listing, ListQuery
from admin_site.listing.paths import key_among
from admin_site.permissions import Action, Identity
from admin_site.security.tokens import Seal
from admin_site.services.constraints import explain
from admin_site.services.submissions import (
    Saved,
    check_nonce,
    digest_of,
    forget_saved,
    keep_saved,
    new_nonce,
)

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite
    from admin_site.admin.views import AdminView

HIDDEN = Markup('<span class="empty" title="You may not see this">–</span>')
"""What stands for a record whose name this person may not read."""

ZONE_COOKIE = "zone"
PANEL_HEADER = "X-Panel"
IN_DIALOG = "dialog"  # what it holds then
RECORD_HEADER = "X-Record"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NONCE = ":nonce"
"""The field of a form that says which page it is from, so that it is saved once however often it is sent."""

UNTOLD = frozenset({NONCE, "save", ":draft", ":who"})  # what a form says beside what was typed in it


@dataclass
class Visit:
    """What a page is given. One session, one transaction; raising rolls everything back."""

    site: "AdminSite"
    request: Request
    session: Session
    form: FormData
    earlier: Saved | None = None  # what this very form, then with something else in it, was answered before
    purpose: str = ""  # what is to be done with all rows of a list, such as an export
    _scopes: dict[type, Scope | None] = field(default_factory=dict, repr=False)

    @property
    def identity(self) -> Identity:
        """Who asks; pages that anybody may see do not ask."""
        identity: Identity | None = self.request.state.identity
        if identity is None:
            raise Forbidden("Sign in first.")
        return identity

    @property
    def is_post(self) -> bool:
        return self.request.method not in SAFE_METHODS

    @property
    def in_panel(self) -> bool:
        """Whether a script asks, which shows the answer in a popup over the list."""
        return PANEL_HEADER in self.request.headers

    @property
    def in_dialog(self) -> bool:
        """Whether a script asks for the form of a record, to show it over the form of another one."""
        return self.request.headers.get(PANEL_HEADER) == IN_DIALOG

    @cached_property
    def nonce(self) -> str:
        """The name of this page among those of its forms; a form that is shown again keeps it."""
        with suppress(BadRequest):
            return check_nonce(str(self.form.get(NONCE)))
        return new_nonce()

    @cached_property
    def posted_nonce(self) -> str:
        """The name of the page whose form was sent, "" where it has none; raises BadRequest for no name."""
        posted = self.form.get(NONCE)
        return "" if posted is None or not self.is_post else check_nonce(str(posted))

    @cached_property
    def digest(self) -> str:
        """The digest of what was typed into the form that was sent."""
        return digest_of((name, value) for name, value in self.form.multi_items() if name not in UNTOLD)

    def seal(self, view: "AdminView", record: Any) -> Seal:
        """Return what signs the facts that a page carries about one record, for this person alone."""
        return self.seal_of(view, "" if record is None else view.key(record))

    def seal_of(self, view: "AdminView", key: str) -> Seal:
        return self.site.seals.about("form", str(self.identity.user_id), view.identity, key)

    @cached_property
    def language(self) -> str:
        return look_of(self.request, self.request.state.identity).language

    def say(self, text: str, **facts: object) -> str:
        """Return a sentence in the language of who asks, with `%(name)s` told."""
        return say(self.language, text, **facts)

    @cached_property
    def zone(self) -> tzinfo:
        """The time zone that the viewer chose, else that of their browser, told in a cookie, or UTC."""
        identity: Identity | None = self.request.state.identity
        chosen = identity.preferences.time_zone if identity else ""
        for name in (chosen, self.request.cookies.get(ZONE_COOKIE, "")):
            with suppress(KeyError, ValueError, OSError):
                return ZoneInfo(name)
        return UTC

    def view(self, action: str) -> "AdminView":
        """Return the view that the URL names; raises NotFound, or Forbidden for `action`."""
        view = self.site.find_view(self.request.path_params["identity"])
        if not view.allows(self.request, action):
            raise Forbidden(
                view.why_not(action) or f"You may not {_verb(action)} {view.name_plural.lower()}."
            )
        return view

    def record(self, view: "AdminView", action: str, key: str, *, lock: bool = False) -> Any:
        """Return the record with this key in a URL; raises NotFound, or Forbidden for `action` on it.

        With `lock` nobody else changes it before this transaction ends, and it is as they left it.
        """
        record = self.within_scope(view, key, lock=lock)
        if not view.allows(self.request, action, record):
            raise Forbidden(f"You may not {_verb(action)} this {view.name.lower()}.")
        return record

    def within_scope(self, view: "AdminView", key: str, *, lock: bool = False) -> Any:
        parts = decode_key(view.description, key)
        # What a list leaves out until asked for, a record's own page shows.
        deferred = [column.key for column in view.description.mapper.column_attrs if column.deferred]
        options = [undefer(getattr(view.model, name)) for name in deferred]
        scope = view.seen_rows(self.request)
        if not lock:
            return find(self.session, view.description, parts, options, scope)
        try:
            return find(self.session, view.description, parts, options, scope, lock=True)
        except DBAPIError as error:
            raise explain(error, view.description) from error

    def scope_of(self, model: type) -> Scope | None:
        """Return what leaves of other records of a class those this person may see; None: all of them."""
        if model not in self._scopes:
            view = self.site.view_of(model)
            if view is None:
                self._scopes[model] = None
            else:
                may_list = view.allows(self.request, Action.LIST)
                self._scopes[model] = view.granted_rows(self.request) if may_list else nothing
        return self._scopes[model]

    def may_list(self, model: type) -> bool:
        """Return whether this person may see any record of a class beside another one."""
        return self.scope_of(model) is not nothing

    def listing(self, view: "AdminView") -> Listing:
        """Return a view's list as this person may see it, with what it tells of related records.

        What is done with all of its rows is done to those alone where they may do that (`purpose`).
        """
        scopes = {target: self.scope_of(target) for target in view.listing.targets}
        related = {target: scope for target, scope in scopes.items() if scope is not None}
        wanted = [Action.LIST, *([self.purpose] if self.purpose else [])]
        listing = view.listing.scoped(view.granted_rows(self.request, *wanted), related)
        withheld = self.withheld(view)
        return listing.without(withheld) if withheld else listing

    def withheld(self, view: "AdminView", action: str = Action.LIST, record: Any = None) -> frozenset[str]:
        """Return the fields of a view's records, and of those they refer to, that this person may not see.

        They are those of a list, of another `action`, or of one record.
        """
        names = set(view.withheld_from(self.request, action, record))
        if self.purpose:
            names |= view.withheld(self.request, self.purpose)
        for relation in view.description.relations:
            names.update(f"{relation.name}.{name}" for name in self.withheld_of(relation.target))
        return frozenset(names)

    def withheld_of(self, model: type) -> frozenset[str]:
        """Return the fields of records of a class that this person may not see beside another one."""
        view = self.site.view_of(model)
        return view.withheld_from(self.request, Action.LIST) if view else frozenset()

    def query(self, view: "AdminView", pairs: Sequence[tuple[str, str]]) -> ListQuery:
        """Return what a URL means to this person on a view's list; raises BadRequest with words."""
        return preferred(self, view).query(pairs)

    def may_lead_to_hidden(self, view: "AdminView", name: str) -> bool:
        """Return whether a column passes over related records of which this person may not see all."""
        mapper = view.description.mapper
        for part in name.split("."):
            if part not in mapper.relationships:
                return False
            mapper = mapper.relationships[part].mapper
            if any(self.scope_of(each.class_) is not None for each in mapper.self_and_descendants):
                return True
        return False

    def hidden(self, records: Iterable[Any]) -> frozenset[int]:
        """Return by id() the records whose names this person may not read.

        It costs a query for each class that has a scope, and none for the others.
        """
        by_class: dict[type, dict[tuple[Any, ...], list[int]]] = {}
        for record in records:
            if self.scope_of(type(record)) is not None:
                key = describe(type(record)).key_of(record)
                by_class.setdefault(type(record), {}).setdefault(key, []).append(id(record))
        for model, keys in by_class.items():
            for key in self._seen(model, keys):
                keys.pop(key, None)
        return frozenset(found for keys in by_class.values() for ids in keys.values() for found in ids)

    def _seen(self, model: type, keys: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return those of the keys whose records this person may see."""
        scope, description = self.scope_of(model), describe(model)
        assert scope is not None  # noqa: S101 - the others are not asked about
        columns = [getattr(model, name) for name in description.key]
        statement: Select[Any] = select(*columns).where(key_among(description, model, keys))
        return [] if scope is nothing else [tuple(row) for row in self.session.execute(scope(statement))]

    def commit(self, view: "AdminView") -> None:
        """Commit, translating what the database refuses only now, such as a deferred constraint."""
        try:
            self.session.commit()
        except DBAPIError as error:
            raise explain(error, view.description) from error

    def call(self, function: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        """Run an asynchronous function from the worker thread a page runs in."""
        return anyio.from_thread.run(function, *arguments)

    def url(self, view: "AdminView", page: str, record: Any = None, **query: str) -> str:
        """Return the address of a view's page, of one record when it is about one."""
        path = f"{self.site.base_path(self.request)}/{view.identity}/{page}"
        if record is not None:
            path += "/" + view.key(record)
        return f"{path}?{urlencode(query)}" if query else path

    def list_url(self, view: "AdminView", query: ListQuery, page: str = "list", **asked: str) -> str:
        """Return the address of a list, or of another page about it, which `asked` asks with a colon before.

        No attribute begins with a colon, so what is asked is never taken for a filter.
        """
        pairs = [*query.to_pairs(), *((f":{name}", text) for name, text in asked.items())]
        path = self.url(view, page)
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def asked(self) -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
        """Return what a page about a list is asked, without the colons, and the parameters of the list."""
        asked: dict[str, list[str]] = {}
        pairs = []
        for name, text in self.request.query_params.multi_items():
            if name.startswith(":"):
                asked.setdefault(name[1:], []).append(text)
            else:
                pairs.append((name, text))
        return asked, pairs

    def record_url(self, record: Any) -> str | None:
        """Return where a record of any class can be seen, or None when this person cannot see it."""
        view = self.site.view_of(type(record))
        if view is None or not view.allows(self.request, Action.DETAILS):
            return None
        if view.varies_by_row(self.request, Action.DETAILS) and not view.is_granted(
            self.request, Action.DETAILS, record
        ):
            return None
        return self.url(view, "details", record)

    def label(self, record: Any) -> str:
        return describe(type(record)).label_of(record)

    def page(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        return self.site.render(self.request, template, status=status, nonce=self.nonce, **context)

    def panel(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a page that a script may show as a popup; its template extends list/panel.html."""
        response = self.page(template, status, in_panel=self.in_panel, **context)
        response.headers["Vary"] = PANEL_HEADER
        return response

    def see(self, url: str) -> Response:
        """Send the browser on to a list; the script of a popup shows it in the page that is open."""
        return self._to(url, "HX-Location")

    def go(self, url: str, text: str, *, changed: str = "", key: str = "") -> Response:
        """Send the browser on to `url`, where `text` greets it; `changed` names the fields that stand out.

        What was sent counts as saved with this answer as soon as the transaction is committed. `key` is that
        of the record. Raises Repeated when another request is saving the same.
        """
        self.keep(Saved(url, text, "", key, changed))
        return self.greet(url, text, changed, key)

    def keep(self, saved: Saved) -> None:
        """Keep in this transaction how the form that was sent is answered, in case it is sent again."""
        if self.posted_nonce and self.request.state.identity is not None:
            told = replace(saved, digest=self.digest)
            is_again = self.earlier is not None
            keep_saved(self.session, self.identity.user_id, self.posted_nonce, told, is_again=is_again)

    def unkeep(self) -> None:
        """Forget, and commit that, how the form that was sent is answered: it may be sent again."""
        if self.posted_nonce:
            self.session.rollback()
            forget_saved(self.session, self.identity.user_id, self.posted_nonce)
            self.session.commit()

    def greet(self, url: str, text: str, changed: str = "", key: str = "") -> Response:
        """Send the browser on to `url` with a greeting, for something that is not saved by that.

        A dialog over another form goes nowhere: it is told the key of the record.
        """
        if self.in_dialog:
            return Response(status_code=204, headers={RECORD_HEADER: key})
        response = self._to(url, "HX-Redirect")
        more = {"changed": changed} if changed else {}
        self.site.flashes.leave(self.request, response, {"kind": "success", "text": text, **more})
        return response

    def _to(self, url: str, header: str) -> Response:
        """Return a redirect; a script reads where to from a header, since a browser would not tell it."""
        if self.in_panel:
            return Response(status_code=204, headers={header: url})
        return RedirectResponse(url, status_code=303)


Page = Callable[[Visit], Response]


def nothing(statement: Select[Any]) -> Select[Any]:
    """Leave no row: the scope of a class whose records somebody may not list."""
    return statement.where(false())


def leads_over(hidden: frozenset[int], record: Any, path: str) -> bool:
    """Return whether a dotted name of a record reads one of the records that are hidden."""
    return bool(hidden) and any(id(other) in hidden for other in passed(record, path))


def passed(record: Any, path: str) -> Iterator[Any]:
    """Yield the single related records that a dotted name leads over, the last of them too."""
    for name in path.split("."):
        if name not in inspect(type(record)).relationships:
            return
        record = getattr(record, name)
        if inspect(record, raiseerr=False) is None:
            return  # nobody, or many
        yield record


def _verb(action: str) -> str:
    return _VERBS.get(action, action.removeprefix("action:").replace("-", " "))


_VERBS = {"list": "see", "details": "see", "create": "add", "edit": "change"}
