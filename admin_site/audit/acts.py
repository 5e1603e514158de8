"""Who does something, as the audit trail keeps it."""

import uuid
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

_ACT = "admin_site.act"


@dataclass(frozen=True)
class Act:
    """One deed of one person; the entries it leaves share its `change_set_id`."""

    actor_id: str | None
    actor_name: str
    request_id: str | None = None
    ip_address: str | None = None
    change_set_id: uuid.UUID = field(default_factory=uuid.uuid4)


COMMAND_LINE = Act(actor_id=None, actor_name="command line")
SYSTEM = Act(actor_id=None, actor_name="system")


def attribute(session: Session, act: Act) -> None:
    """Record what `session` flushes from now on as `act`."""
    session.info[_ACT] = act


def act_of(session: Session) -> Act:
    """Return the act that `session` flushes for."""
    act: Act = session.info.get(_ACT, SYSTEM)
    return act
