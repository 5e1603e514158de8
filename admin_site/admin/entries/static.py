"""The entry of what is only shown."""

from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from admin_site.admin.cells import EMPTY, read, show, show_plain
from admin_site.admin.entries.base import Control
from admin_site.admin.entries.lookups import Lookup
from admin_site.admin.entries.members import MEMBERS_SHOWN, members
from admin_site.admin.entries.records import is_within
from admin_site.admin.visit import HIDDEN
from admin_site.descriptions import Field, Relation, describe


class StaticEntry:
    """What is shown with the reason why it cannot be edited; of what may not be seen, the reason alone."""

    input_names: frozenset[str] = frozenset()
    help = ""

    def __init__(self, item: Field | Relation, label: str, reason: str, lookup: Lookup) -> None:
        self.item = item
        self.name = item.name
        self.label = label
        self.reason = reason
        self.lookup = lookup

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        return {"widget": "static", "value": self._value(session, record), "read_only": self.reason}

    def _value(self, session: Session, record: Any) -> Markup:
        if self.lookup.locked:
            return HIDDEN
        if isinstance(self.item, Field):
            return show(self.item, read(record, self.name))
        target, scope = describe(self.item.target), self.lookup.scope
        if self.item.many:
            crowd = members(session, record, self.item, MEMBERS_SHOWN, scope)
            return show_plain(", ".join([target.label_of(member) for member in crowd.shown]) or None)
        other = read(record, self.name)
        if other is None:
            return EMPTY
        return show_plain(target.label_of(other)) if is_within(session, target, other, scope) else HIDDEN
