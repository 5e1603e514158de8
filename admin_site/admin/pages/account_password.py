"""A person's own password, changed by whoever knows the present one."""

from collections.abc import Mapping

from starlette.responses import Response

from admin_site.admin import session_cookies
from admin_site.admin.pages.account import account_url, oneself
from admin_site.admin.visit import Visit
from admin_site.errors import Conflict, Invalid
from admin_site.models import User
from admin_site.permissions import Duty
from admin_site.security.passwords import minimum_length
from admin_site.services import passwords, second_factors

CHANGED = "Your password is changed, and your other browsers are signed out."
NOT_THE_SAME = "The two new passwords are not the same."


def change_password(visit: Visit) -> Response:
    user = oneself(visit)
    if not visit.is_post:
        return _page(visit, user)
    if visit.form.get("password") != visit.form.get("password_again"):
        return _page(visit, user, errors={"password_again": NOT_THE_SAME})
    try:
        passwords.change_password(
            visit.session,
            user,
            str(visit.form.get("current_password", "")),
            str(visit.form.get("password", "")),
            keep_session=visit.identity.session_id,
            ip_address=visit.request.state.client_address,
            passwords=visit.site.passwords,
        )
    except Invalid as refusal:
        visit.session.commit()  # the attempt is on record
        return _page(visit, user, errors=refusal.errors)
    except Conflict as refusal:
        visit.session.rollback()
        return _page(visit, user, status=409, errors={"": str(refusal)})
    response = visit.go(_onward(visit), visit.say(CHANGED))
    return with_new_session(visit, response, has_authenticated=True)


def with_new_session(visit: Visit, response: Response, *, has_authenticated: bool = False) -> Response:
    """Commit, and give this browser a new token: what its person signs in with has changed.

    `has_authenticated` says that the password was typed just now.
    """
    session_id = visit.identity.session_id
    assert session_id is not None  # noqa: S101 - who uses pages is signed in
    session_cookies.renew(
        visit.site, visit.session, response, session_id, has_authenticated=has_authenticated
    )
    return response


def _page(visit: Visit, user: User, *, status: int = 0, errors: Mapping[str, str] | None = None) -> Response:
    found = dict(errors or {})
    is_duty = visit.identity.duty is Duty.CHANGE_PASSWORD
    return visit.page(
        "account_password.html",
        status=status or (400 if found else 200),
        title="Choose a password of your own" if is_duty else "Change your password",
        duty=visit.identity.duty,
        user_name=user.user_name,
        minimum=minimum_length(second_factors.is_on(visit.session, user)),
        errors=found,
        action_url=account_url(visit, "password"),
        back_url=account_url(visit),
    )


def _onward(visit: Visit) -> str:
    return f"{visit.site.base_path(visit.request)}/" if visit.identity.duty else account_url(visit)
