"""The page of the support desk about one person: how it stands with their account, and what can be done."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from starlette.responses import Response

from admin_site import audit
from admin_site.admin.cells import initials
from admin_site.admin.pages.details import picture_of
from admin_site.admin.pages.support_deeds import DEEDS, SEND_LINK, Deed
from admin_site.admin.support_desk import desk_url, desk_view
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.descriptions import describe
from admin_site.models import AuditEntry, Role, User, UserSession
from admin_site.permissions import Action
from admin_site.services.devices import HANDHELD, device_of, system_of
from admin_site.services.powers import why_not
from admin_site.services.standing import Standing, last_sign_ins, recent_events, standing_of

MOST_SIGN_INS = 6

TOLD = {
    "locked": "locked the account for a while: too many wrong passwords",
    "view_as": "began to look at the site as them",
    "stop_viewing": "stopped looking at the site as them",
    "create_link": "made a password link for them",
    "forgot_password": "asked for a password link",
    "send_link": "sent them a password link",
    "redeem_link": "set the password with a link",
    "temporary_password": "gave them a temporary password",
    "refused": "was refused",
}
"""What happened to an account, as it reads after who did it, where the trail's own verb says too little."""


def show_person(visit: Visit) -> Response:
    """Show how it stands with somebody's account, and what can be done for them."""
    view = desk_view(visit)
    user = visit.record(view, Action.DETAILS, str(visit.request.path_params["pk"]))
    withheld = visit.withheld(view, Action.DETAILS, user)
    standing = standing_of(visit.session, user)
    distance = why_not(visit.session, visit.identity, Action.END_SESSIONS, user)
    may_see_sessions = not distance and view.allows(visit.request, Action.END_SESSIONS, user)
    key, name = view.key(user), visit.label(user)
    deeds = _deeds(visit, view, user, standing, distance)
    return visit.page(
        "support_person.html",
        title=name,
        person=_person(visit, view, user, name, withheld),
        badges=list(_badges(user, standing, withheld)),
        facts=_facts(visit, user, standing, withheld),
        distance=distance,
        account_url=f"{visit.site.base_path(visit.request)}/account"
        if user.user_id == visit.identity.user_id
        else "",
        send_link=next((deed for deed in deeds if deed["slug"] == SEND_LINK), None),
        deeds=[deed for deed in deeds if deed["slug"] != SEND_LINK],
        not_yours=_not_allowed(visit, view),
        sessions=[_session(session) for session in standing.sessions] if may_see_sessions else None,
        end_url=desk_url(visit.site, visit.request, key, "end-sessions"),
        sign_ins=_sign_ins(last_sign_ins(visit.session, user), may_see_sessions),
        events=[_event(entry) for entry in recent_events(visit.session, user)],
        desk_url=desk_url(visit.site, visit.request),
        history_url=_trail_url(visit, key),
    )


def _person(visit: Visit, view: AdminView, user: User, name: str, withheld: frozenset[str]) -> dict[str, Any]:
    return {
        "name": name,
        "initials": initials(name),
        "image_url": "" if "user_image" in withheld else picture_of(user),
        "user_name": "" if "user_name" in withheld else user.user_name,
        "email": "" if "email_address" in withheld else user.email_address,
        "record_url": visit.record_url(user),
    }


def _badges(user: User, standing: Standing, withheld: frozenset[str]) -> Iterable[tuple[str, str]]:
    """Yield in what state an account is, each with its colour: what keeps somebody out comes first."""
    yield ("Active", "green") if standing.is_active else ("Deactivated", "red")
    if standing.locked_until is not None:
        yield "Locked", "amber"
    if not standing.has_password:
        yield "No password yet", "amber"
    elif standing.temporary_until is not None:
        yield (
            ("Temporary password expired", "red") if standing.is_expired else ("Temporary password", "amber")
        )
    elif standing.must_change_password:
        yield "Must change password", "amber"
    if user.is_superuser and "is_superuser" not in withheld:
        yield "Superuser", "violet"


def _facts(
    visit: Visit, user: User, standing: Standing, withheld: frozenset[str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return what is to be known of an account at a glance: text, or a moment with words before it."""
    codes = standing.codes_left
    factor = (
        f"On, {codes} recovery {'code' if codes == 1 else 'codes'} left"
        if standing.has_second_factor
        else "Off"
    )
    facts: list[tuple[str, dict[str, Any]]] = []
    if standing.locked_until is not None:
        facts.append(("Locked until", _moment(standing.locked_until, exactly=True)))
    if standing.temporary_until is not None:
        facts.append(("Temporary password until", _moment(standing.temporary_until, exactly=True)))
    facts.append(("Second factor", {"text": factor}))
    if "roles" not in withheld:
        facts.append(("Roles", {"text": ", ".join(_roles(visit, user)) or "None"}))
    for name, label, otherwise in (
        ("last_login", "Last sign-in", "Never"),
        ("password_changed_at", "Password changed", "Never" if standing.has_password else "None yet"),
        ("created_at", "Account made", ""),
    ):
        if name not in withheld:
            facts.append((label, _moment(getattr(user, name), otherwise)))
    return facts


def _roles(visit: Visit, user: User) -> list[str]:
    """Return what the roles of a person are called, as far as no rule of a view hides them."""
    hidden = visit.hidden(user.roles) if visit.may_list(Role) else frozenset()
    return sorted(role.name for role in user.roles if id(role) not in hidden)


# -- what can be done ------------------------------------------------------------------------------------


def _deeds(
    visit: Visit, view: AdminView, user: User, standing: Standing, distance: str
) -> list[dict[str, Any]]:
    """Return what this person may do here, each with the reason why it cannot be done just now, if any.

    `distance` is what stands between the two people, whatever is to be done.
    """
    key = view.key(user)
    return [
        {
            "slug": deed.slug,
            "label": deed.label,
            "verb": deed.verb,
            "about": deed.about,
            "icon": deed.icon,
            "url": desk_url(visit.site, visit.request, key, deed.slug),
            "is_at_once": deed.is_at_once,
            "is_dangerous": deed.is_dangerous,
            "reason": distance
            or deed.idle(standing)
            or why_not(visit.session, visit.identity, deed.action, user),
        }
        for deed in _offered(standing)
        if view.allows(visit.request, deed.action, user)
    ]


def _offered(standing: Standing) -> list[Deed]:
    """Return the deeds that make sense: of activating and deactivating it is one."""
    left_out = "activate" if standing.is_active else "deactivate"
    return [deed for slug, deed in DEEDS.items() if slug != left_out]


def _not_allowed(visit: Visit, view: AdminView) -> list[str]:
    """Return what this person lacks the right to do at the desk, in words that go on a sentence."""
    deeds = {deed.action: deed for deed in DEEDS.values() if not view.allows(visit.request, deed.action)}
    return [deed.label[0].lower() + deed.label[1:] for deed in deeds.values()]


# -- where they are signed in, and what happened -----------------------------------------------------------


def _session(session: UserSession) -> dict[str, Any]:
    return {
        "key": str(session.session_id),
        "icon": "phone" if system_of(session.user_agent) in HANDHELD else "device-desktop",
        "device": device_of(session.user_agent),
        "user_agent": session.user_agent or "",
        "address": session.ip_address or "",
        "is_kept": session.is_kept,
        "seen": _moment(session.last_seen_at),
        "started": _moment(session.start_time),
    }


def _sign_ins(entries: Iterable[AuditEntry], may_see_place: bool) -> list[dict[str, Any]]:
    """Return the latest attempts to sign in; those in a row that only differ in their time are one."""
    told: list[dict[str, Any]] = []
    for entry in entries:
        attempt = {
            "is_good": entry.action == "sign_in",
            "device": _told(entry.changes, "device") if may_see_place else "",
            "address": entry.ip_address or "" if may_see_place else "",
        }
        if told and attempt.items() <= told[-1].items():
            told[-1]["times"] += 1
        else:
            told.append({**attempt, "times": 1, "when": _moment(entry.happened_at)})
    return told[:MOST_SIGN_INS]


def _event(entry: AuditEntry) -> dict[str, Any]:
    return {
        "actor": entry.actor,
        "words": TOLD.get(entry.action, entry.verb),
        "reason": _told(entry.changes, "reason"),
        "when": _moment(entry.happened_at),
    }


def _told(changes: Mapping[str, Any], name: str) -> str:
    """Return what an event says of itself under a name, "" where it says nothing."""
    told = changes.get(name)
    new = told[1] if isinstance(told, list) and len(told) == 2 else None
    return new if isinstance(new, str) else ""


def _moment(when: datetime | None, otherwise: str = "", *, exactly: bool = False) -> dict[str, Any]:
    if when is None:
        return {"text": otherwise}
    return {"text": f"{when:%Y-%m-%d %H:%M}", "iso": when.isoformat(), "class": "" if exactly else "ago"}


def _trail_url(visit: Visit, key: str) -> str | None:
    trail = visit.site.view_of(AuditEntry)
    if trail is None or not trail.allows(visit.request, Action.LIST):
        return None
    return visit.url(trail, "list", model=audit.model_name(describe(User)), key=key)
