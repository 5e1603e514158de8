"""The pictures in the README, taken when SCREENSHOTS=1 is set: the same school on the same day each time."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.models import AuditEntry, Course, Enrollment, Flow, Item, User, UserType
from admin_site.services.sessions import start_session
from tests.browser.chromium import CHROMIUM, Chromium
from tests.browser.sites import ADA, Site, Visitor
from tests.factories import make_user

pytestmark = pytest.mark.skipif(os.environ.get("SCREENSHOTS") != "1", reason="SCREENSHOTS=1 is not set")

FOLDER = Path(__file__).parent / "screenshots"
NOW = datetime(2026, 10, 1, 14, 20, tzinfo=UTC)
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"color_scheme": "light", "viewport": {"width": 360, "height": 780}},
}
# A bare machine has none of the fonts that desktops use for their own windows; this one is as wide as those.
MONOSPACED = (
    "ui-monospace",
    "SF Mono",
    "Cascadia Code",
    "JetBrains Mono",
    "Menlo",
    "Consolas",
    "Liberation Mono",
    "monospace",
)
IS_ANOTHER = "".join(
    f'<test name="family" qual="first" compare="not_eq"><string>{name}</string></test>' for name in MONOSPACED
)
FONTS = f"""<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <match target="pattern">
    {IS_ANOTHER}
    <edit name="family" mode="prepend" binding="strong"><string>Liberation Sans</string></edit>
  </match>
</fontconfig>
"""

LIKE_A_DESKTOP = (
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
    "--disable-partial-raster",
    "--disable-skia-runtime-opts",
    "--lang=en-CA",
)

Deed = Callable[[Session], object]


@pytest.fixture
def chromium(pytestconfig: pytest.Config, chromium_path: str, tmp_path: Path) -> Browser:
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(FONTS)
    environment = os.environ | {"FONTCONFIG_FILE": str(fonts)}
    chromium = pytestconfig.stash.setdefault(CHROMIUM, Chromium())
    return chromium.started(chromium_path, *LIKE_A_DESKTOP, env=environment)


@pytest.mark.parametrize("look", LOOKS)
def test_the_pictures_are_taken(site: Site, visit: Callable[..., Visitor], look: str):
    tell(site)
    visitor = visit(site, timezone_id="UTC", locale="en-CA", **LOOKS[look])
    visitor.context.clock.set_fixed_time(NOW)
    with site.database.session() as session:
        person = session.scalars(select(User).where(User.user_name == "leon.alonso")).one().user_id

    take(visitor.go("/admin/login"), "sign-in", look)
    with site.database.session() as session:
        ada = session.scalars(select(User).where(User.user_name == "ada")).one()
        visitor.sign_in_as(ada, start_session(session, ada))
    take(visitor.go("/admin/"), "home", look)
    take(visitor.go("/admin/user/list"), "list", look)
    take(visitor.go(f"/admin/user/details/{person}"), "record", look)
    take(visitor.go(f"/admin/user/edit/{person}"), "form", look)


def take(page: Page, name: str, look: str) -> None:
    page.wait_for_load_state("networkidle")
    page.mouse.move(0, 0)
    FOLDER.mkdir(exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}-{look}.png", animations="disabled", caret="hide")


# -- the story -------------------------------------------------------------------------------------------


def tell(site: Site) -> None:
    """Let Ada and her colleagues have worked for a day in the school."""
    with site.database.session() as session:
        make_user(session, superuser=True, created_at=NOW - timedelta(days=900), **ADA)
        people = session.scalars(select(User).order_by(User.created_at.desc())).all()
        for number, person in enumerate(people):
            if number % 3 != 2 and person.is_active:
                person.last_login = NOW - timedelta(minutes=7 + 53 * number, days=number // 3)
    _happened(site, NOW - timedelta(days=1, hours=2))
    for minutes, (actor, deed) in reversed(list(enumerate(DAY))):
        act = audit.Act(actor_id=None, actor_name=actor)
        with site.database.session() as session:
            audit.attribute(session, act)
            deed(session)
        _happened(site, NOW - timedelta(minutes=4 + 17 * minutes), act)
    with site.database.engine.begin() as connection:
        connection.execute(update(User.__table__).values(updated_at=NOW - timedelta(minutes=4)))


def _happened(site: Site, at: datetime, act: audit.Act | None = None) -> None:
    """Move what the audit trail has of an act, or of all acts so far, to an instant of the story."""
    statement = update(AuditEntry.__table__).values(happened_at=at)
    if act is not None:
        statement = statement.where(AuditEntry.change_set_id == act.change_set_id)
    with site.database.engine.begin() as connection:
        connection.execute(statement, execution_options=audit.RETENTION)


def _one(session: Session, model: type, **values: object):
    return session.scalars(select(model).filter_by(**values)).one()


def _leon(session: Session) -> User:
    return _one(session, User, user_name="leon.alonso")


def _set(model: type, changes: dict[str, object], **values: object) -> Deed:
    def deed(session: Session) -> None:
        record = _one(session, model, **values)
        for name, value in changes.items():
            setattr(record, name, value)

    return deed


def _enroll(course: str) -> Deed:
    return lambda session: session.add(
        Enrollment(user=_leon(session), course=_one(session, Course, name=course), enrolled_date=NOW.date())
    )


def _lend(title: str) -> Deed:
    return lambda session: session.add(Item(title=title, owner=_leon(session)))


ADA_NAME, HARRIET, DEVI, TUNDE = "Ada Lovelace", "Harriet Penhaligon", "Devi Castellano", "Tunde Bakare"
DAY: tuple[tuple[str, Deed], ...] = (
    (HARRIET, _set(User, {"age": 17}, user_name="leon.alonso")),
    (DEVI, lambda session: audit.note(session, "reset_password", _leon(session))),
    (ADA_NAME, _set(Course, {"end_date": date(2026, 12, 11)}, name="Robotics (autumn 2026)")),
    (HARRIET, _enroll("Robotics (autumn 2026)")),
    (TUNDE, _set(UserType, {"name": "Parent or guardian"}, name="Guardian")),
    (HARRIET, _enroll("Film Studies (autumn 2026)")),
    (ADA_NAME, _set(User, {"email_address": "leon@alonso.example.org"}, user_name="leon.alonso")),
    (TUNDE, _lend("Laptop 8812")),
    (ADA_NAME, _set(User, {"first_name": "Natalia Maria"}, user_name="natalia.khan")),
    (HARRIET, _set(Course, {"is_active": False}, name="Choir (autumn 2026)")),
    (TUNDE, lambda session: session.delete(_one(session, Flow, name="Paper timetable"))),
    (DEVI, _set(User, {"email_address": "gustav@black.example.org"}, user_name="gustav.black")),
)
