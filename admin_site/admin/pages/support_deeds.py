"""What can be done for a person at the support desk."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from admin_site.admin.reset_links import hand_over, hand_over_password
from admin_site.admin.support_desk import desk_url
from admin_site.admin.views import AdminView
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest
from admin_site.models import User
from admin_site.permissions import Action
from admin_site.services import support
from admin_site.services.standing import Standing
from admin_site.services.viewing import view_as

SHOW = "show"  # of a link: not sent, but put into the hand
Run = Callable[[Visit, AdminView, User], Response]


@dataclass(frozen=True)
class Deed:
    """Something that helps one person: what it is for, and what is asked before it is done.

    One that is done at once has a button of its own on the page of the person; `idle` says of an account why
    there is nothing to do. The person's row is locked first, unless several are locked in their order.
    """

    slug: str
    action: Action
    label: str
    verb: str
    title: str
    about: str
    question: str
    icon: str
    run: Run
    button: str = ""
    is_dangerous: bool = False
    is_at_once: bool = False
    takes_reason: bool = False
    is_locking: bool = True
    idle: Callable[[Standing], str] = lambda _: ""


def reset(visit: Visit, view: AdminView, user: User) -> Response:
    """Send a link to set a password, or show it once where no mail goes out, or on purpose."""
    is_on_purpose = visit.form.get("how") == SHOW and may_show_link(visit, view)
    if not sends_mail(visit) or is_on_purpose:
        link = support.reset_password(visit.session, visit.identity, user)
        visit.commit(view)
        return hand_over(visit, view, user, link)
    support.send_reset_link(visit.session, visit.identity, user)
    return _done(visit, view, user, f"A link is on its way to {address_of(visit, view, user)}.")


def address_of(visit: Visit, view: AdminView, user: User) -> str:
    """Return the e-mail address of somebody, in words where this person may not see it."""
    is_withheld = "email_address" in visit.withheld(view, Action.DETAILS, user)
    return "their address" if is_withheld else user.email_address


def sends_mail(visit: Visit) -> bool:
    """Return whether mail reaches people: what is printed on a console reaches nobody else."""
    settings = visit.site.settings
    return settings.can_send_mail and bool(settings.smtp_host)


def may_show_link(visit: Visit, view: AdminView) -> bool:
    """Return whether somebody may have a link in the hand that could be sent: it lets them in, too."""
    return view.allows(visit.request, Action.TEMPORARY_PASSWORD)


def _give_temporary_password(visit: Visit, view: AdminView, user: User) -> Response:
    password = support.temporary_password(visit.session, visit.identity, user, passwords=visit.site.passwords)
    until = user.password_expires_at
    visit.commit(view)
    return hand_over_password(visit, view, user, password, until)


def _unlock(visit: Visit, view: AdminView, user: User) -> Response:
    was_locked = support.unlock(visit.session, visit.identity, user)
    name = visit.label(user)
    return _done(visit, view, user, f"{name} can sign in again." if was_locked else f"{name} was not locked.")


def _end_sessions(visit: Visit, view: AdminView, user: User) -> Response:
    """End the session that the form names, or all of them."""
    named = str(visit.form.get("session", ""))
    session_id = _key(named) if named else None
    number = support.end_sessions_of(visit.session, visit.identity, user, session_id=session_id)
    name = visit.label(user)
    if not number:
        told = "That session had ended already." if named else f"{name} was not signed in anywhere."
    else:
        told = "The session is ended." if named else f"{name} is signed out everywhere."
    return _done(visit, view, user, told)


def _remove_second_factor(visit: Visit, view: AdminView, user: User) -> Response:
    support.remove_second_factor(visit.session, visit.identity, user)
    return _done(visit, view, user, f"{visit.label(user)} signs in with the password alone now.")


def _activate(visit: Visit, view: AdminView, user: User) -> Response:
    support.activate(visit.session, visit.identity, user)
    return _done(visit, view, user, f"{visit.label(user)} is active again.")


def _deactivate(visit: Visit, view: AdminView, user: User) -> Response:
    support.deactivate(visit.session, visit.identity, user)
    return _done(visit, view, user, f"{visit.label(user)} is deactivated and signed out everywhere.")


def _view_as(visit: Visit, view: AdminView, user: User) -> Response:
    support.check(visit.session, visit.identity, Action.VIEW_AS, user)
    view_as(visit.session, visit.identity, user, str(visit.form.get("reason", "")))
    visit.commit(view)
    return visit.greet(f"{visit.site.base_path(visit.request)}/", "Nothing that you do now changes anything.")


def _done(visit: Visit, view: AdminView, user: User, text: str) -> Response:
    response = visit.go(desk_url(visit.site, visit.request, view.key(user)), text)
    visit.commit(view)
    return response


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadRequest("There is no such session.") from None


SEND_LINK = "send-link"

_ALL = (
    Deed(
        SEND_LINK,
        Action.RESET_PASSWORD,
        "Send reset link",
        "Send reset link",
        "Send {person} a reset link?",
        "They choose a new password with a link that works once, within an hour.",
        "{person} is signed out everywhere and earlier links stop working. You get a link with which they "
        "choose a new password; it works once, within an hour.",
        "mail-forward",
        reset,
    ),
    Deed(
        "unlock",
        Action.UNLOCK,
        "Unlock",
        "Unlock",
        "Unlock {person}?",
        "After too many wrong passwords: let them try again now.",
        "{person} may try to sign in again at once, instead of waiting.",
        "lock-open",
        _unlock,
        is_at_once=True,
        idle=lambda standing: "" if standing.is_locked else "This account is not locked.",
    ),
    Deed(
        "end-sessions",
        Action.END_SESSIONS,
        "Sign out everywhere",
        "Sign out…",
        "Sign {person} out everywhere?",
        "For a lost phone, or a browser that was left open.",
        "{person} is signed out of every browser with the next click there, and signs in again with the "
        "password.",
        "logout",
        _end_sessions,
        idle=lambda standing: "" if standing.sessions else "They are not signed in anywhere.",
    ),
    Deed(
        "temporary-password",
        Action.TEMPORARY_PASSWORD,
        "Give temporary password",
        "Give…",
        "Give {person} a temporary password?",
        "For who cannot read their mail. It works for a day and has to be changed at once.",
        "{person} is signed out everywhere, and the password they have now stops working. You see a new one, "
        "once, and tell it to them: it works for a day and lets them do nothing but choose their own. Be "
        "sure that it is really them.",
        "password",
        _give_temporary_password,
        is_dangerous=True,
    ),
    Deed(
        "remove-second-factor",
        Action.REMOVE_SECOND_FACTOR,
        "Remove second factor",
        "Remove…",
        "Remove the second factor of {person}?",
        "For who has lost the phone and the recovery codes.",
        "{person} is signed out everywhere and signs in with the password alone, until they set up another "
        "second factor. Their recovery codes stop working. Be sure that it is really them: a thief of the "
        "password would ask for the same.",
        "shield-off",
        _remove_second_factor,
        is_dangerous=True,
        idle=lambda standing: "" if standing.has_second_factor else "They have no second factor.",
    ),
    Deed(
        "view-as",
        Action.VIEW_AS,
        "See the site as they do",
        "See…",
        "See the site as {person} does?",
        "For 15 minutes, without changing anything.",
        "For 15 minutes you see every page as {person} sees it. Nothing can be changed meanwhile. That you "
        "looked, and why, is recorded with both of your names.",
        "eye",
        _view_as,
        button="Begin",
        takes_reason=True,
    ),
    Deed(
        "deactivate",
        Action.ACTIVATE,
        "Deactivate",
        "Deactivate…",
        "Deactivate {person}?",
        "Keep them out until somebody activates them again.",
        "{person} is signed out everywhere, their links stop working, and they cannot sign in until somebody "
        "activates them again. Nothing of theirs is deleted.",
        "user-off",
        _deactivate,
        is_dangerous=True,
        is_locking=False,
    ),
    Deed(
        "activate",
        Action.ACTIVATE,
        "Activate",
        "Activate",
        "Activate {person}?",
        "Let them sign in again.",
        "{person} can sign in again with the password they had.",
        "user-check",
        _activate,
        is_at_once=True,
        is_locking=False,
    ),
)

DEEDS = {deed.slug: deed for deed in _ALL}
