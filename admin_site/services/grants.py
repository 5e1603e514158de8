"""Which rights there are to grant: a mistyped one would be kept and never hold."""

from collections.abc import Mapping
from difflib import get_close_matches

from sqlalchemy.orm import Session

from admin_site.errors import Invalid
from admin_site.models import RoleGrant
from admin_site.permissions import ACTIONS, NEVER, WILDCARD, Grantable

NEVER_BY_HAND = "The site itself does this; nobody does it by hand."

_GRANTABLE = "admin_site.grantable"
_LISTED = 5  # of what could have been meant


def offer(session: Session, grantable: Grantable) -> None:
    """Let `session` know the models of a site; on the command line nobody does."""
    session.info[_GRANTABLE] = grantable


def check_grant(session: Session, grant: RoleGrant) -> None:
    """Raise Invalid, by field, when a grant names a model or an action that there is not."""
    known: Grantable | None = session.info.get(_GRANTABLE)
    actions = known.actions if known else dict.fromkeys((*map(str, ACTIONS), WILDCARD), "")
    errors = {
        "model": _error(grant.model, known.models, "model") if known else "",
        "action": _error(grant.action, actions, "action"),
    }
    if not known and grant.action.startswith("action:"):
        errors["action"] = ""  # one of a view that the command line does not know
    if (grant.model, grant.action) in NEVER:
        errors["action"] = NEVER_BY_HAND
    if any(errors.values()):
        raise Invalid({name: words for name, words in errors.items() if words})


def _error(text: str | None, known: Mapping[str, str], what: str) -> str:
    if not text or text in known:  # what is missing, its column refuses
        return ""
    near = get_close_matches(text.casefold(), known, n=_LISTED, cutoff=0.6)
    quoted = ", ".join(f"“{name}”" for name in near or sorted(known)[:_LISTED])
    hint = f"Did you mean {quoted}?" if near else f"There are {quoted} and others."
    return f"There is no {what} “{text[:100]}”. {hint}"
