"""The cookie by which a browser is signed in, renewed when what its person signs in with has changed."""

import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from admin_site.models import UserSession
from admin_site.services.sessions import rotate

if TYPE_CHECKING:
    from admin_site.admin.site import AdminSite


def renew(
    site: "AdminSite",
    session: Session,
    response: Response,
    session_id: uuid.UUID,
    *,
    has_authenticated: bool = False,
) -> None:
    """Commit, and give a browser with its answer a new token for the session it is signed in by.

    `has_authenticated` says that the password was typed just now. Raises Forbidden when the session has
    ended.
    """
    token = rotate(session, session_id, has_authenticated=has_authenticated)
    stored = session.get_one(UserSession, session_id)
    # A session that is not kept ends with the browser.
    lifetime: dict[str, Any] = {"expires": stored.expiration_time} if stored.is_kept else {}
    session.commit()
    response.set_cookie(**site.cookie.attributes(token), **lifetime)
