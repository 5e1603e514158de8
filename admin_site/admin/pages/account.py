"""A person's own account: how they sign in, where they are signed in, and how they want pages to be."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from admin_site.admin.answering import came_from
from admin_site.admin.cells import initials
from admin_site.admin.visit import ZONE_COOKIE, Visit
from admin_site.errors import BadRequest, Forbidden, Invalid
from admin_site.languages import LANGUAGES, say_number
from admin_site.models import AuditEntry, User, UserSession
from admin_site.services import second_factors
from admin_site.services.devices import HANDHELD, browser_of, device_of, system_of
from admin_site.services.own_account import EVENTS, end_other_sessions, end_own_session, recent_events
from admin_site.services.preferences import THEMES, choose, stored, time_zones
from admin_site.services.sessions import live_sessions

OTHERS = "others"  # in place of the key of a session: all but this one
CHOICES = ("language", "time_zone", "theme")
BAD = frozenset({"sign_in_failed", "confirm_password_failed", "locked"})
YEAR = 365 * 24 * 3600


def show_account(visit: Visit) -> Response:
    return _page(visit, oneself(visit))


def end_own_sessions(visit: Visit) -> Response:
    """Sign out of the browser that the form names, or of all but this one."""
    user, named = oneself(visit), str(visit.form.get("session", ""))
    if named == OTHERS:
        number = end_other_sessions(visit.session, user, visit.identity.session_id)
        told = _told_of(visit, number)
    else:
        end_own_session(visit.session, user, _key(named))
        told = visit.say("That browser is signed out.")
    response = visit.go(account_url(visit), told)
    visit.session.commit()
    return response


def change_preferences(visit: Visit) -> Response:
    user = oneself(visit)
    chosen = {name: str(visit.form.get(name, "")) for name in CHOICES}
    try:
        choose(visit.session, user, chosen)
    except Invalid as refusal:
        visit.session.rollback()
        return _page(visit, oneself(visit), status=400, chosen=chosen, errors=refusal.errors)
    response = visit.go(account_url(visit), visit.say("Your preferences are saved."))
    visit.session.commit()
    return remember(visit, response, chosen)


def change_theme(visit: Visit) -> Response:
    """Keep the theme that was chosen in the menu, and go back to the page it was chosen on."""
    chosen = {"theme": str(visit.form.get("theme", ""))}
    try:
        choose(visit.session, oneself(visit), chosen)
    except Invalid as refusal:
        raise BadRequest(str(refusal)) from refusal
    visit.session.commit()
    home = f"{visit.site.base_path(visit.request)}/"
    return remember(visit, visit.see(came_from(visit.request) or home), chosen)


def oneself(visit: Visit) -> User:
    """Return who asks; raises Forbidden for somebody who looks at the site as they do."""
    if visit.identity.viewer is not None:
        raise Forbidden("This page is for whose account it is alone: you only look at the site as they do.")
    return visit.session.get_one(User, visit.identity.user_id)


def account_url(visit: Visit, page: str = "") -> str:
    return f"{visit.site.base_path(visit.request)}/account" + (f"/{page}" if page else "")


def remember(visit: Visit, response: Response, chosen: Mapping[str, str]) -> Response:
    """Let this browser know what was chosen, for its pages that nobody is signed in to see."""
    for name in chosen.keys() - {"time_zone"}:
        response.set_cookie(
            name,
            chosen[name],
            max_age=YEAR if chosen[name] else 0,
            httponly=True,
            samesite="lax",
            secure=visit.site.settings.is_secure,
        )
    return response


def _page(
    visit: Visit,
    user: User,
    *,
    status: int = 200,
    chosen: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    """Return the page, with what was `chosen` in its form and what is wrong with that."""
    current, sessions = stored(user), live_sessions(visit.session, user)
    values = chosen or {name: getattr(current, name) for name in CHOICES}
    return visit.page(
        "account.html",
        status=status,
        title="Your account",
        person={
            "name": str(user),
            "initials": initials(str(user)),
            "user_name": user.user_name,
            "email": user.email_address,
        },
        password=_moment(user.password_changed_at),
        second_factor=_second_factor(visit, user),
        sessions=[_session(visit, each) for each in _this_first(visit, sessions)],
        events=[_event(visit, entry) for entry in recent_events(visit.session, user)],
        choices=[
            _choice("language", "Language", "As this browser asks", LANGUAGES, values, errors),
            _zone_choice(visit, values, errors),
            _choice("theme", "Theme", "As this device is set", THEMES, values, errors),
        ],
        urls={
            "password": account_url(visit, "password"),
            "second_factor": account_url(visit, "second-factor"),
            "sessions": account_url(visit, "sessions"),
            "preferences": account_url(visit, "preferences"),
        },
        errors=[{"name": name, "words": words} for name, words in (errors or {}).items()],
    )


def _second_factor(visit: Visit, user: User) -> dict[str, Any]:
    is_on = second_factors.is_on(visit.session, user)
    codes_left = second_factors.codes_left(visit.session, user) if is_on else 0
    return {"is_on": is_on, "codes_left": codes_left}


def _this_first(visit: Visit, sessions: Iterable[UserSession]) -> list[UserSession]:
    """Return this browser, then the others as they were used last."""
    here = visit.identity.session_id
    return sorted(sessions, key=lambda each: each.session_id != here)


def _session(visit: Visit, session: UserSession) -> dict[str, Any]:
    return {
        "key": str(session.session_id),
        "device": _device(visit, session.user_agent),
        "icon": "device-mobile" if system_of(session.user_agent) in HANDHELD else "device-desktop",
        "user_agent": session.user_agent or "",
        "address": session.ip_address or "",
        "is_this": session.session_id == visit.identity.session_id,
        "is_kept": session.is_kept,
        "started": _moment(session.start_time),
        "seen": _moment(session.last_seen_at),
    }


def _device(visit: Visit, user_agent: str | None) -> str:
    browser, system = browser_of(user_agent), system_of(user_agent)
    if browser and system:
        return visit.say("%(browser)s on %(system)s", browser=browser, system=system)
    return visit.say(device_of(user_agent))


def _event(visit: Visit, entry: AuditEntry) -> dict[str, Any]:
    """Return what is told of an event; from where a colleague did something is not."""
    is_colleague = entry.actor_id not in (None, str(visit.identity.user_id))
    return {
        "words": EVENTS[entry.action],
        "is_bad": entry.action in BAD,
        "by": entry.actor if is_colleague else "",
        "device": _told_device(entry),
        "address": "" if is_colleague else entry.ip_address or "",
        "when": _moment(entry.happened_at),
    }


def _told_device(entry: AuditEntry) -> str:
    """Return with what somebody signed in, or tried to."""
    change = entry.changes.get("device")
    return str(change[1]) if isinstance(change, list) and len(change) == 2 else ""


def _choice(
    name: str,
    label: str,
    otherwise: str,
    options: Mapping[str, str],
    values: Mapping[str, str],
    errors: Mapping[str, str] | None,
) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "otherwise": otherwise,
        "told": "",  # what it is then
        "groups": [("", list(options.items()))],
        "value": values[name],
        "error": (errors or {}).get(name, ""),
    }


def _zone_choice(visit: Visit, values: Mapping[str, str], errors: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the choice of a time zone: places by the part of the world they are in."""
    told = visit.request.cookies.get(ZONE_COOKIE, "")
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone in time_zones():
        part, _, place = zone.rpartition("/")
        groups.setdefault(part.split("/")[0], []).append((zone, zone.partition("/")[2] or place))
    named = [(part, [(zone, text.replace("_", " ")) for zone, text in each]) for part, each in groups.items()]
    zones = {"groups": named, "told": told if told in time_zones() else ""}
    return _choice("time_zone", "Time zone", "As this device is set", {}, values, errors) | zones


def _moment(value: Any) -> dict[str, str] | None:
    return {"iso": value.isoformat(), "text": f"{value:%Y-%m-%d %H:%M}"} if value else None


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadRequest("The form does not say which browser is to be signed out.") from None


def _told_of(visit: Visit, number: int) -> str:
    if not number:
        return visit.say("You are signed in nowhere else.")
    return say_number(
        visit.language,
        "Signed out of %(number)s other browser.",
        "Signed out of %(number)s other browsers.",
        number,
    )
