"""Every role, every model, every action, every door: what may be done, said a second time and apart.

`ROLES` are the roles, `RECORDS` makes a record of every model, `DOORS` are the ways to it. `may` is the table
of permissions as the documentation has it; it asks nothing of the site.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from httpx2 import Response
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.models import (
    AuditEntry,
    Course,
    CredentialToken,
    Draft,
    Enrollment,
    Flow,
    Item,
    LinkPurpose,
    ListPreference,
    OutgoingMail,
    RecoveryCode,
    RoleGrant,
    SavedView,
    SecondFactor,
    Submission,
    Throttle,
    UserSession,
    UserType,
    Viewing,
    utc_now,
)
from admin_site.security.tokens import hash_token
from tests.admin.html_forms import PageForm, read_forms
from tests.factories import make_role, make_user

Grants = tuple[tuple[str, str], ...]

GENERIC = ("list", "details", "create", "edit", "delete", "export")
SUPPORT = (
    "reset-password",
    "temporary-password",
    "unlock",
    "end-sessions",
    "remove-second-factor",
    "activate",
    "view-as",
)

ROLES: dict[str, Grants | None] = {
    "superuser": None,
    "nobody": (),
    "everything": (("*", "*"),),
    **{f"{action} anything": (("*", action),) for action in GENERIC},
    "reader": (("*", "list"), ("*", "details")),
    "everything about courses": (("course", "*"),),
    "clerk": (
        *(("enrollment", action) for action in GENERIC),
        ("course", "list"),
        ("course", "details"),
        ("user", "list"),
    ),
    "support": (
        ("user", "list"),
        ("user", "details"),
        *(("user", f"action:{slug}") for slug in SUPPORT),
    ),
}
"""The grants of each role; None: a superuser, who needs none."""

SEEN_BY_THE_SITE_ALONE = {"draft"}  # theirs whose it is
OWN_ALONE = {"saved-view", "list-preference", "submission"}  # superusers see everybody's
BY_HAND = frozenset({"create", "edit", "delete"})
NEVER: dict[str, frozenset[str]] = {
    "audit-entry": BY_HAND,
    "credential-token": BY_HAND,
    "outgoing-mail": BY_HAND,
    "recovery-code": BY_HAND,
    "second-factor": BY_HAND,
    "throttle": BY_HAND,
    "viewing": BY_HAND,
    "draft": BY_HAND - {"delete"},
    "list-preference": BY_HAND - {"delete"},
    "saved-view": BY_HAND - {"delete"},
    "submission": BY_HAND - {"delete"},
    "user-session": BY_HAND - {"delete"},
}
"""What is written by the site itself."""


def may(role: str, model: str, action: str) -> bool:
    """Return whether a role may do `action` to the record that `RECORDS` makes of a model."""
    grants = ROLES[role]
    if action in NEVER.get(model, ()):
        return False
    if grants is None:
        return True
    return any(granted in (model, "*") and done in (action, "*") for granted, done in grants)


def has_power(role: str, model: str, action: str) -> bool:
    """Return whether a role holds itself what it would take from others (rule 17)."""
    takes_a_right = model == "role-grant" and action in ("edit", "delete")
    return not takes_a_right or may(role, "course", "list")


def sees(role: str, model: str) -> bool:
    """Return whether the record is among those that a role is shown, if it may see any of them."""
    if model in SEEN_BY_THE_SITE_ALONE:
        return False
    grants = ROLES[role]
    if model in OWN_ALONE:
        return grants is None
    if model == "audit-entry" and grants is not None:  # of kinds whose records are all shown to them
        return all(may(role, "course", action) for action in ("list", "details"))
    return True


def _someone(session: Session) -> uuid.UUID:
    return make_user(session).user_id


def _course() -> Course:
    return Course(name="Botany", start_date=date(2030, 1, 7))


def _session(session: Session) -> UserSession:
    return UserSession(
        user_id=_someone(session),
        token_hash=hash_token(uuid.uuid4().hex),
        start_time=utc_now(),
        expiration_time=utc_now() + timedelta(days=1),
        last_seen_at=utc_now(),
    )


def _link(session: Session) -> CredentialToken:
    return CredentialToken(
        user_id=_someone(session),
        purpose=LinkPurpose.RESET_PASSWORD,
        token_hash=hash_token(uuid.uuid4().hex),
        created_at=utc_now(),
        expires_at=utc_now(),
    )


def _viewing(session: Session) -> Viewing:
    return Viewing(
        session=_session(session), user_id=_someone(session), reason="a call", expires_at=utc_now()
    )


def _entry(_: Session) -> AuditEntry:
    return AuditEntry(
        change_set_id=uuid.uuid4(),
        happened_at=utc_now(),
        actor_name="system",
        action="edit",
        model="courses",
        key="1",
        label="Botany",
        changes={},
    )


def _grant(session: Session) -> RoleGrant:
    return RoleGrant(role_id=make_role(session).role_id, model="course", action="list")


def _enrollment(session: Session) -> Enrollment:
    return Enrollment(user_id=_someone(session), course=_course(), enrolled_date=date(2030, 1, 8))


RECORDS: dict[str, Callable[[Session], Any]] = {
    "user": make_user,
    "user-type": lambda _: UserType(name=uuid.uuid4().hex),
    "role": make_role,
    "role-grant": lambda session: RoleGrant(
        role_id=make_role(session).role_id, model="course", action="list"
    ),
    "user-session": _session,
    "credential-token": _link,
    "audit-entry": _entry,
    "course": lambda _: _course(),
    "enrollment": _enrollment,
    "flow": lambda _: Flow(name=uuid.uuid4().hex),
    "item": lambda session: Item(owner_id=_someone(session), title="Laptop"),
    "saved-view": lambda session: SavedView(
        owner_id=_someone(session), model="course", name="Mine", query=""
    ),
    "list-preference": lambda session: ListPreference(user_id=_someone(session), model="course", columns=[]),
    "submission": lambda session: Submission(
        user_id=_someone(session), nonce="n", address="/", message="Saved."
    ),
    "draft": lambda session: Draft(user_id=_someone(session), address="/", fields=[]),
    "second-factor": lambda session: SecondFactor(user_id=_someone(session), secret="x" * 32),
    "recovery-code": lambda session: RecoveryCode(
        user_id=_someone(session), code_hash=hash_token(uuid.uuid4().hex)
    ),
    "throttle": lambda _: Throttle(key=hash_token(uuid.uuid4().hex), failures=1, failed_at=utc_now()),
    "viewing": _viewing,
    "outgoing-mail": lambda session: OutgoingMail(user_id=_someone(session), kind="reset_link"),
}


@dataclass(frozen=True)
class Place:
    """A record and who stands before it."""

    client: TestClient
    view: Any
    key: str
    other_key: str  # of one more such record

    def url(self, path: str) -> str:
        return f"/admin/{self.view.identity}/{path.format(key=self.key)}"

    def get(self, path: str, **headers: str) -> Response:
        return self.client.get(self.url(path), headers=headers)

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> Response:
        return self.client.post(self.url(path), data={"nonsense": "1", **(data or {})})


Try = Callable[[Place], Response]


@dataclass(frozen=True)
class Door:
    """A way to a record: what it takes, and how it is tried."""

    name: str
    actions: tuple[str, ...]
    open: Try
    is_about_one: bool = False  # a record, which must be among those seen
    changes: bool = False

    also: Grants = ()  # what it takes of other models
    refusals: tuple[int, ...] = (403, 404)
    tells: bool = False  # it changes nothing and says what stands in the way
    of: frozenset[str] = frozenset()  # the models that have it; none: all

    def leads_to(self, model: str) -> bool:
        return not self.of or model in self.of

    def is_open(self, role: str, model: str) -> bool:
        if self.is_about_one and not sees(role, model):
            return False
        if not all(may(role, *right) for right in self.also):
            return False
        return all(
            may(role, model, action) and (self.tells or has_power(role, model, action))
            for action in self.actions
        )


def _sent_back(path: str) -> Try:
    """Return how a form is filled in as it came and sent, or forged by who is not given one."""

    def send(place: Place) -> Response:
        page = place.get(path)
        form = _form(page.text) if page.status_code == 200 else None
        return place.post(path, form.data() if form else None)

    return send


def _copy(place: Place) -> Response:
    page = place.get("create")
    form = _form(page.text) if page.status_code == 200 else None
    return place.post("create?:copy={key}", form.data() if form else None)


def _form(html: str) -> PageForm | None:
    """Return the form of a page that is about its record, that of signing out left out."""
    for marks in ({":state"}, {":seen"}, {":nonce"}):
        for form in read_forms(html):
            if form.method == "post" and marks <= {name for name, _ in form.pairs}:
                return form
    return None


def _get(path: str, **headers: str) -> Try:
    return lambda place: place.get(path, **headers)


def _inline(place: Place) -> Response:
    """Send the form of a person, as it came, with a row of something else that nobody offered."""
    page = place.get("edit/{key}")
    form = _form(page.text) if page.status_code == 200 else None
    row = {"items|n0|title": "Forged"}
    return place.client.post(place.url("edit/{key}"), data=(form.data() if form else {}) | row)


def _bulk(deed: str) -> Try:
    """Return how something is done to the record as if it were one of many."""
    return lambda place: place.post("bulk", {":do": deed, ":keys": place.other_key, ":sure": "yes"})


def _desk_get(deed: str) -> Try:
    return lambda place: place.client.get(f"/admin/support/{place.key}/{deed}")


def _desk(deed: str) -> Try:

    def do(place: Place) -> Response:
        answer = place.client.post(f"/admin/support/{place.key}/{deed}", data={"reason": "a call"})
        place.client.post("/admin/stop-viewing")
        return answer

    return do


PEOPLE = frozenset({"user"})
PANEL = {"X-Panel": "1"}
DIALOG = {"X-Panel": "dialog"}

LOOKING = (
    Door("list", ("list",), _get("list")),
    Door("list, searched", ("list",), _get("list?search=a")),
    Door("list, as a script asks", ("list",), _get("list", **PANEL)),
    Door("count", ("list",), _get("count")),
    Door("filters", ("list",), _get("filters")),
    Door("sort", ("list",), _get("sort")),
    Door("columns", ("list",), _get("columns")),
    Door("new saved view", ("list",), _get("views")),
    Door("filter lookup", ("list",), _get("filters/lookup?:name=x")),
    Door("filter counts", ("list",), _get("filters/counts?:name=x")),
    Door("dates", ("list",), _get("dates"), of=frozenset({"course", "enrollment", "user"})),
    Door(
        "lookup",
        ("create",),
        _get("ajax/lookup?name=user"),
        also=(("user", "list"),),
        of=frozenset({"enrollment"}),
    ),
    Door(
        "members",
        ("edit",),
        _get("members/{key}?name=enrollments"),
        is_about_one=True,
        of=frozenset({"course"}),
    ),
    Door("export choice", ("export", "list"), _get("export")),
    *(
        Door(f"export as {name}", ("export", "list"), _get(f"export/{name}"))
        for name in ("csv", "xlsx", "json", "jsonl")
    ),
    Door("record", ("details",), _get("details/{key}"), is_about_one=True),
    Door("new form", ("create",), _get("create")),
    Door("new form in a dialog", ("create",), _get("create", **DIALOG)),
    Door("form", ("edit",), _get("edit/{key}"), is_about_one=True),
    Door("form in a dialog", ("edit",), _get("edit/{key}", **DIALOG), is_about_one=True),
    Door("deletion", ("delete",), _get("delete?pks={key}"), is_about_one=True, tells=True),
)
CHANGING = (
    Door("own columns", ("list",), lambda place: place.post("columns", {"nonsense": "1"})),
    Door("forged saved view", ("list",), lambda place: place.post("views", {"nonsense": "1"})),
    Door("check of a new field", ("create",), lambda place: place.post("check?:field=x")),
    Door("forged new record", ("create",), _sent_back("create")),
    Door(
        "forged inline row",
        ("edit",),
        _inline,
        is_about_one=True,
        also=(("item", "list"), ("item", "create")),
        refusals=(400, 403, 404),  # where rows are hidden, their names are those of no field
        of=PEOPLE,
    ),
    Door("copy", ("create", "details"), _copy, is_about_one=True),
    Door("forged edit", ("edit",), _sent_back("edit/{key}"), is_about_one=True),
    Door(
        "forged row of the list",
        ("list", "edit"),
        lambda place: place.post("edit-rows"),
        of=frozenset({"course"}),
    ),
)
DELETING = (
    Door("forged deletion", ("delete",), _sent_back("delete?pks={key}"), is_about_one=True),
    Door("forged bulk deletion", ("list", "delete"), _bulk("delete"), is_about_one=True, tells=True),
)

DEEDS = {
    "send-link": "reset-password",
    "temporary-password": "temporary-password",
    "unlock": "unlock",
    "end-sessions": "end-sessions",
    "remove-second-factor": "remove-second-factor",
    "view-as": "view-as",
    "activate": "activate",
    "deactivate": "activate",
}
"""What is done at the support desk, and the right it takes."""

AT_THE_DESK = tuple(
    door
    for deed, right in DEEDS.items()
    for door in (
        Door(f"desk: {deed}", ("details", f"action:{right}"), _desk_get(deed), of=PEOPLE),
        Door(f"desk: forged {deed}", ("details", f"action:{right}"), _desk(deed), of=PEOPLE),
    )
)
MANY = (
    Door(
        "forged links to many", ("list", "action:reset-password"), _bulk("action:send-reset-link"), of=PEOPLE
    ),
    Door(
        "forged end of many sessions",
        ("list", "action:end-sessions"),
        _bulk("action:end-sessions"),
        of=PEOPLE,
    ),
)
DOORS = (*LOOKING, *CHANGING, *MANY, *AT_THE_DESK)

OF_LISTS = ("count", "filters", "lookup", "facets", "sort", "dates", "columns", "views", "view", "bulk")
OF_RECORDS = (
    "details",
    "create",
    "check_field",
    "edit",
    "delete",
    "ajax_lookup",
    "members",
    "action",
    "file",
)
LED_TO = frozenset(
    [
        "list",
        "list_edit_rows",
        "ajax_lookup",
        "export_choice",
        "export",
        "support",
        "support_person",
        "support_deed",
    ]
    + [f"list_{page}" for page in OF_LISTS]
    + [*OF_RECORDS]
)
"""The routes that doors lead to: a model's, and the support desk."""

TRIED_ELSEWHERE = {
    "index": "everybody signed in has a home",
    "login": "tests/rules/test_sign_in.py",
    "login_code": "tests/rules/test_second_factor.py",
    "logout": "tests/rules/test_sign_in.py",
    "forgot_password": "tests/rules/test_mail.py",
    "password_link": "tests/rules/test_links.py",
    "set_password": "tests/rules/test_links.py",
    "confirm_password": "tests/rules/test_asked_again.py",
    "stop_viewing": "tests/rules/test_support.py",
    "reset_link": "tests/rules/test_support.py",
    "drafts": "one's own alone: tests/admin/test_drafts.py",
    "role_permissions": "tests/rules/test_role_matrix.py",
    "account": "one's own alone: tests/rules/test_account.py",
    "statics": "the same files for everybody",
}
"""The routes that no door leads to, and where they are tried; `account` stands for all that begin so."""
