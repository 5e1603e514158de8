"""Which rights there are to grant: a mistyped one would be kept and never hold."""

from collections.abc import Mapping
from difflib import get_close_matches

from sqlalchemy.orm import Session

from admin_site.errors import Invalid
from admin_site.models import RoleGrant
from admin_site.permissions import ACTIONS, BY_FIELD, NEVER, WILDCARD, Grantable, GrantableModel, names_in

NEVER_BY_HAND = "The site itself does this; nobody does it by hand."
OF_ONE_MODEL = "Limit this to a model first: not all models have the same {what}."
WHOLE_RECORDS = "This is done to whole records, so it cannot be granted for some fields alone."
NO_SCOPES = "There are no such limits for this model. Leave it empty."

_GRANTABLE = "admin_site.grantable"
_LISTED = 5  # of what could have been meant


def offer(session: Session, grantable: Grantable) -> None:
    """Let `session` know the models of a site; on the command line nobody does."""
    session.info[_GRANTABLE] = grantable


def offered(session: Session) -> Grantable | None:
    """Return what can be granted on the site of `session`; None on the command line."""
    known: Grantable | None = session.info.get(_GRANTABLE)
    return known


def check_grant(session: Session, grant: RoleGrant) -> None:
    """Raise Invalid, by field, when a grant names a model, an action, a field or rows that there are not."""
    known = offered(session)
    actions = known.actions if known else dict.fromkeys((*map(str, ACTIONS), WILDCARD), "")
    errors = {
        "model": _error(grant.model, known.models, "model") if known else "",
        "action": _error(grant.action, actions, "action"),
    }
    if not known and grant.action.startswith("action:"):
        errors["action"] = ""  # one of a view that the command line does not know
    if (grant.model, grant.action) in NEVER:
        errors["action"] = NEVER_BY_HAND
    if not any(errors.values()):
        errors |= {"fields": _error_in_fields(known, grant), "scope": _error_in_scope(known, grant)}
    if any(errors.values()):
        raise Invalid({name: words for name, words in errors.items() if words})


def _error_in_fields(known: Grantable | None, grant: RoleGrant) -> str:
    names = sorted(names_in(grant.fields))
    if not names:
        return ""
    if grant.model == WILDCARD:
        return OF_ONE_MODEL.format(what="fields")
    if grant.action not in BY_FIELD and grant.action != WILDCARD:
        return WHOLE_RECORDS
    kind = _kind(known, grant)
    if kind is None:
        return ""  # of a view that the command line does not know
    return next(filter(None, (_error(name, kind.fields, "field") for name in names)), "")


def _error_in_scope(known: Grantable | None, grant: RoleGrant) -> str:
    if not grant.scope:
        return ""
    if grant.model == WILDCARD:
        return OF_ONE_MODEL.format(what="rows")
    kind = _kind(known, grant)
    if kind is None:
        return ""
    return _error(grant.scope, kind.scopes, "limit") if kind.scopes else NO_SCOPES


def _kind(known: Grantable | None, grant: RoleGrant) -> GrantableModel | None:
    return known.kinds.get(grant.model) if known else None


def _error(text: str | None, known: Mapping[str, str], what: str) -> str:
    if not text or text in known:  # what is missing, its column refuses
        return ""
    if not known:
        return f"There is no {what} “{text[:100]}” here."
    near = get_close_matches(text.casefold(), known, n=_LISTED, cutoff=0.6)
    quoted = ", ".join(f"“{name}”" for name in near or sorted(known)[:_LISTED])
    hint = f"Did you mean {quoted}?" if near else f"There are {quoted} and others."
    return f"There is no {what} “{text[:100]}”. {hint}"
