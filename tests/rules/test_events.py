"""What happens around accounts is on record for good, whoever would like it not to be."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.routing import Route
from starlette.testclient import TestClient

from admin_site import Settings, audit, create_app
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, LinkPurpose, Role, User, utc_now
from admin_site.models.audit import SECURITY_EVENTS
from admin_site.ops.retention import sweep
from admin_site.services.links import create_link
from tests.admin.html_forms import deletion_form, record_form
from tests.admin.sites import SETTINGS, sign_in
from tests.factories import CHEAP, PASSWORD, make_role, make_user

PLACE = "192.0.2.7"
NEW_PASSWORD = "another violin under nine clouds"


@dataclass
class Scene:
    """A site with three browsers in one place: a visitor's, a clerk's who may do little, a superuser's."""

    database: Database
    visitor: TestClient
    clerk: TestClient
    chief: TestClient
    ada: User
    guest: Role
    known: dict[str, User]

    def entries(self, action: str) -> list[AuditEntry]:
        with self.database.session() as session:
            return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))

    def desk(self, deed: str, **form: str) -> None:
        answer = self.chief.post(f"/admin/support/{self.ada.user_id}/{deed}", data=form)
        assert answer.status_code == 303


@pytest.fixture
def scene(database_url: str, database: Database) -> Scene:
    app = create_app(Settings(**SETTINGS, database_url=database_url))
    app.state.site.passwords = CHEAP
    visitor, clerk, chief = (
        TestClient(app, follow_redirects=False, client=(PLACE, 50_000)) for _ in range(3)
    )
    known = {
        "clerk": sign_in(clerk, database, ("course", "list"), user_name="clerk"),
        "chief": sign_in(chief, database, superuser=True, user_name="chief", password=PASSWORD),
    }
    with database.session() as session:
        ada = make_user(session, user_name="ada", email_address="ada@example.org", password=PASSWORD)
        guest = make_role(session, name="Guest")
        session.add(Course(name="Botany", start_date=utc_now().date()))
    return Scene(database, visitor, clerk, chief, ada, guest, known | {"ada": ada})


def log_in(scene: Scene, password: str = PASSWORD) -> None:
    scene.visitor.post("/admin/login", data={"username": "ada", "password": password})


def log_out(scene: Scene) -> None:
    log_in(scene)
    scene.visitor.post("/admin/logout")


def fail_until_locked(scene: Scene) -> None:
    for _ in range(10):
        log_in(scene, "wrong")


def set_password_by_link(scene: Scene) -> None:
    with scene.database.session() as session:
        ada = session.get_one(User, scene.ada.user_id)
        link = create_link(session, ada, LinkPurpose.RESET_PASSWORD)
    scene.visitor.get(f"/admin/set-password/{link.token}")
    form = {"password": NEW_PASSWORD, "password_again": NEW_PASSWORD}
    assert scene.visitor.post("/admin/set-password", data=form).status_code == 303


def be_refused(scene: Scene) -> None:
    assert scene.clerk.post("/admin/user/create", data={"user_name": "eve"}).status_code == 403


def stop_viewing(scene: Scene) -> None:
    scene.desk("view-as", reason="She asked me to.")
    scene.chief.post("/admin/stop-viewing")


@dataclass(frozen=True)
class Event:
    """A kind of event: how it comes about, who did it to what, and what says how it ended."""

    action: str
    deed: Callable[[Scene], object]
    actor: str
    label: str
    outcome: str = ""


EVENTS = [
    Event("sign_in", log_in, "ada", "ada"),
    Event("sign_in_failed", lambda scene: log_in(scene, "wrong"), "not signed in", "ada"),
    Event("locked", fail_until_locked, "not signed in", "ada", "until"),
    Event("sign_out", log_out, "ada", "ada"),
    Event(
        "forgot_password",
        lambda scene: scene.visitor.post("/admin/forgot-password", data={"username": "ada"}),
        "not signed in",
        "ada",
    ),
    Event("reset_password", lambda scene: scene.desk("send-link"), "chief", "ada"),
    Event("redeem_link", set_password_by_link, "holder of a link", "ada"),
    Event("temporary_password", lambda scene: scene.desk("temporary-password"), "chief", "ada"),
    Event("deactivate", lambda scene: scene.desk("deactivate"), "chief", "ada"),
    Event("export", lambda scene: scene.chief.get("/admin/course/export/csv"), "chief", "", "rows"),
    Event("refused", be_refused, "clerk", "/admin/user/create", "reason"),
    Event("view_as", lambda scene: scene.desk("view-as", reason="She asked."), "chief", "ada", "reason"),
    Event("stop_viewing", stop_viewing, "chief", "ada"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.action)
def test_rule_24_each_event_leaves_one_row_with_who_when_from_where_what_and_outcome(
    scene: Scene, event: Event
):
    assert event.action in SECURITY_EVENTS
    began = utc_now()

    event.deed(scene)

    [entry] = scene.entries(event.action)
    known = scene.known.get(event.actor)
    assert entry.actor_id == (str(known.user_id) if known else None)
    assert entry.actor_name.startswith(event.actor)
    assert began <= entry.happened_at <= utc_now()
    assert entry.ip_address == PLACE
    assert entry.request_id
    if event.label:
        assert entry.label.startswith(event.label)
    if event.label == "ada":
        assert (entry.model, entry.key) == ("users", str(scene.ada.user_id))
    if event.outcome:
        assert event.outcome in entry.changes
    assert PASSWORD not in f"{entry.label}{entry.changes}"


def test_rule_24_a_grant_leaves_one_row_on_the_person_and_one_on_the_role(scene: Scene):
    url = f"/admin/user/edit/{scene.ada.user_id}"
    form = record_form(scene.chief.get(url).text).data(roles__add=str(scene.guest.role_id))
    assert scene.chief.post(url, data=form).status_code == 303

    granted = [entry for entry in scene.entries("edit") if entry.ip_address == PLACE]
    assert sorted((entry.model, entry.label) for entry in granted) == [("roles", "Guest"), ("users", "ada")]
    assert all(entry.actor_id == str(scene.known["chief"].user_id) for entry in granted)
    person = next(entry for entry in granted if entry.model == "users")
    assert person.changes["roles"] == [[], ["Guest"]]


def test_rule_24_what_was_typed_for_an_unknown_name_is_not_kept(scene: Scene):
    scene.visitor.post("/admin/login", data={"username": PASSWORD, "password": "x"})

    [entry] = scene.entries("sign_in_failed")
    assert (entry.label, entry.key) == ("unknown name", "")
    assert PASSWORD not in str(vars(entry))


def test_rule_24_the_rows_outlive_the_person(scene: Scene):
    log_in(scene)
    scene.desk("send-link")

    url = f"/admin/user/delete?pks={scene.ada.user_id}"
    page = scene.chief.get(url).text
    answer = scene.chief.post(url, data=deletion_form(page).data())
    assert answer.status_code == 303

    with scene.database.session() as session:
        assert session.get(User, scene.ada.user_id) is None
        kept = select(AuditEntry).where(AuditEntry.key == str(scene.ada.user_id))
        entries = session.scalars(kept.order_by(AuditEntry.entry_id)).all()
    assert {"sign_in", "reset_password", "delete"} <= {entry.action for entry in entries}
    assert {entry.label for entry in entries} == {"ada"}
    assert entries[-1].action == "delete"


def trail(scene: Scene) -> list[tuple[object, ...]]:
    with scene.database.session() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.entry_id))
        return [(row.entry_id, row.action, row.label, row.actor_name, row.changes) for row in rows]


def test_rule_24_no_route_edits_or_deletes_a_row(scene: Scene):
    """Every route of the admin is asked, by every method, about an entry, by who may do everything."""
    log_in(scene)
    before = trail(scene)
    entry_id = str(before[0][0])
    values = {"label": "rewritten", "action": "nothing", "actor_name": "nobody", "pks": entry_id}
    places = {"identity": "audit-entry", "pk": entry_id, "pk:path": entry_id}

    asked = 0
    for route in scene.chief.app.state.site.admin.routes:
        if not isinstance(route, Route) or "{identity}" not in route.path:
            continue
        path = route.path.replace("{identity}", places["identity"]).replace("{pk:path}", entry_id)
        if "{" in path:
            continue
        for method in sorted(route.methods or ()):
            scene.chief.request(
                method, f"/admin{path}?pks={entry_id}", data=values if method == "POST" else None
            )
            asked += 1
    for method in ("PUT", "PATCH", "DELETE"):
        assert scene.chief.request(method, f"/admin/audit-entry/details/{entry_id}").status_code == 405

    assert asked > 10
    assert trail(scene)[: len(before)] == before
    for path in ("create", f"edit/{entry_id}", f"delete?pks={entry_id}"):
        answer = scene.chief.post(f"/admin/audit-entry/{path}", data=values)
        assert answer.status_code in (403, 404), path


def test_rule_24_control_characters_are_encoded(scene: Scene):
    with scene.database.session() as session:
        eve = session.get_one(User, scene.ada.user_id)
        eve.first_name = "Eve\r\nroot signed in\x1b[2J\u202e"

    log_in(scene)

    [entry] = scene.entries("sign_in")
    assert entry.actor_name == r"Eve\r\nroot signed in\x1b[2J\u202e (ada)"
    with scene.database.session() as session:
        for entry in session.scalars(select(AuditEntry)):
            texts = (entry.actor_name, entry.action, entry.model, entry.key, entry.label, entry.ip_address)
            assert all(text is None or text.isprintable() for text in texts)


def test_rule_24_only_a_setting_says_when_old_rows_go(scene: Scene):
    log_in(scene)
    with scene.database.session() as session:
        audit.note(session, "sign_in", label="of another time")

    settings: Settings = scene.visitor.app.state.site.settings
    later = utc_now() + timedelta(days=settings.security_events_days - 1)
    sweep(settings, now=later)
    assert len(scene.entries("sign_in")) == 2

    sweep(settings, now=later + timedelta(days=2))
    assert scene.entries("sign_in") == []
    assert scene.entries("create"), "what records held is kept"
