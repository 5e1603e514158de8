"""A person's own second factor: set up, given new recovery codes, removed."""

from base64 import b64encode

import segno
from starlette.responses import Response

from admin_site.admin.pages.account import account_url, oneself
from admin_site.admin.pages.account_password import with_new_session
from admin_site.admin.visit import Visit
from admin_site.errors import BadRequest, Conflict, Invalid
from admin_site.models import User
from admin_site.services import second_factors
from admin_site.services.reauthentication import require_recent_password

CODES_NAME = "recovery-codes.txt"
ON_ALREADY = "Your second factor is on already. Make new recovery codes if you have not kept any."
WHAT_GOES = (
    "Your password alone then lets anybody in who knows it. The recovery codes stop working, and your other "
    "browsers are signed out."
)


def second_factor(visit: Visit) -> Response:
    """Say whether it is on; a form begins to set it up, another one brings the first code."""
    user = oneself(visit)
    if not visit.is_post:
        return _state_page(visit, user)
    require_recent_password(visit.identity)
    step = str(visit.form.get("step", ""))
    if step not in _STEPS:
        raise BadRequest("The form does not say what is to be done.")
    try:
        return _STEPS[step](visit, user)
    except Conflict:
        visit.session.rollback()
        if not second_factors.is_on(visit.session, user):
            raise
        return visit.greet(account_url(visit, "second-factor"), visit.say(ON_ALREADY))


def renew_recovery_codes(visit: Visit) -> Response:
    user = oneself(visit)
    if not visit.is_post:
        return _question(
            visit,
            "Make new recovery codes?",
            ["The codes you have stop working at once. The new ones are shown this one time."],
            "Make new codes",
        )
    require_recent_password(visit.identity)
    codes = second_factors.renew_codes(visit.session, user)
    visit.session.commit()
    return _codes_page(visit, codes)


def remove_second_factor(visit: Visit) -> Response:
    user = oneself(visit)
    if not visit.is_post:
        more = ["Your role needs one, so you set up a new one right after."] if _is_needed(user) else []
        return _question(
            visit,
            "Remove your second factor?",
            [WHAT_GOES, *more],
            "Remove second factor",
            danger=True,
        )
    require_recent_password(visit.identity)
    second_factors.remove(visit.session, user, keep_session=visit.identity.session_id)
    response = visit.go(account_url(visit, "second-factor"), visit.say("Your second factor is removed."))
    return with_new_session(visit, response)


def _begin(visit: Visit, user: User) -> Response:
    response = _offer_page(visit, user)
    visit.session.commit()  # the offer, before the browser shows it
    return response


def _confirm(visit: Visit, user: User) -> Response:
    code = str(visit.form.get("code", ""))
    try:
        codes = second_factors.confirm(visit.session, user, code, keep_session=visit.identity.session_id)
    except Invalid as refusal:
        response = _offer_page(visit, user, error=str(refusal))
        visit.session.commit()
        return response
    return with_new_session(visit, _codes_page(visit, codes, is_new=True))


_STEPS = {"begin": _begin, "confirm": _confirm}


def _state_page(visit: Visit, user: User) -> Response:
    is_on = second_factors.is_on(visit.session, user)
    return visit.page(
        "account_second_factor.html",
        title="Second factor",
        duty=visit.identity.duty,
        state="on" if is_on else "off",
        codes_left=second_factors.codes_left(visit.session, user) if is_on else 0,
        is_needed=_is_needed(user),
        error="",
        urls=_urls(visit),
    )


def _offer_page(visit: Visit, user: User, error: str = "") -> Response:
    offer = second_factors.offer(visit.session, user, issuer=visit.site.settings.site_title)
    return visit.page(
        "account_second_factor.html",
        status=400 if error else 200,
        title="Set up a second factor",
        duty=visit.identity.duty,
        state="offered",
        picture=_picture(offer.uri),
        secret=[offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)],
        error=error,
        urls=_urls(visit),
    )


def _codes_page(visit: Visit, codes: list[str], *, is_new: bool = False) -> Response:
    whose = visit.say(
        "Recovery codes of %(name)s for %(site)s",
        name=visit.identity.user_name,
        site=visit.site.settings.site_title,
    )
    lines = [whose, "", *codes]
    text = "".join(f"{line}\r\n" for line in lines)
    return visit.page(
        "account_codes.html",
        title="Your recovery codes",
        duty=visit.identity.duty,
        is_new=is_new,
        codes=codes,
        file_name=CODES_NAME,
        file_url=f"data:text/plain;charset=utf-8;base64,{b64encode(text.encode()).decode()}",
        text="\n".join(codes),
        done_url=_home(visit) if visit.identity.duty else account_url(visit),
    )


def _question(visit: Visit, title: str, texts: list[str], label: str, *, danger: bool = False) -> Response:
    return visit.page(
        "account_question.html",
        title=title,
        texts=texts,
        button_label=label,
        danger=danger,
        action_url=visit.request.url.path,
        cancel_url=account_url(visit, "second-factor"),
    )


def _is_needed(user: User) -> bool:
    return any(role.requires_second_factor for role in user.roles)


def _picture(uri: str) -> str:
    """Return the QR code of a URI, as the address of a picture that holds it."""
    return str(segno.make(uri, micro=False, error="m").svg_data_uri(scale=4, border=2, omitsize=False))


def _home(visit: Visit) -> str:
    return f"{visit.site.base_path(visit.request)}/"


def _urls(visit: Visit) -> dict[str, str]:
    return {
        "home": _home(visit),
        "account": account_url(visit),
        "self": account_url(visit, "second-factor"),
        "codes": account_url(visit, "recovery-codes"),
        "remove": account_url(visit, "second-factor/remove"),
    }
