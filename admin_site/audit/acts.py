"""Who does something, as the audit trail keeps it."""

import os
import pwd
import uuid
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from admin_site.models import audit as names

_ACT = "admin_site.act"


@dataclass(frozen=True)
class Act:
    """One deed of one person; the entries it leaves share its `change_set_id`."""

    actor_id: str | None
    actor_name: str
    request_id: str | None = None
    ip_address: str | None = None
    change_set_id: uuid.UUID = field(default_factory=uuid.uuid4)


COMMAND_LINE = Act(actor_id=None, actor_name=names.COMMAND_LINE)
SYSTEM = Act(actor_id=None, actor_name=names.SYSTEM)


def command_line() -> Act:
    """Return a new act of whoever runs a command on this machine, by the name they signed in to it with."""
    return Act(actor_id=None, actor_name=f"{names.CLI}{_login_name()}")


def attribute(session: Session, act: Act) -> None:
    """Record what `session` flushes from now on as `act`."""
    session.info[_ACT] = act


def act_of(session: Session) -> Act:
    """Return the act that `session` flushes for."""
    act: Act = session.info.get(_ACT, SYSTEM)
    return act


def attribute_to(session: Session, actor_id: uuid.UUID | None, actor_name: str) -> None:
    """Record the rest of the act as somebody's who has only now been found out."""
    known = None if actor_id is None else str(actor_id)
    attribute(session, replace(act_of(session), actor_id=known, actor_name=actor_name))


def _login_name() -> str:
    # Not what the environment says, which anybody sets: who sat down at the terminal, also behind sudo, and
    # where there is no terminal whose process this is.
    try:
        return os.getlogin()
    except OSError:
        pass
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
