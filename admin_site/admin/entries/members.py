"""The entry for the members of a relation."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, lazyload, selectinload, with_parent
from starlette.datastructures import FormData

from admin_site.admin.entries.base import UNSET, Control, Unset
from admin_site.admin.entries.lookups import Lookup
from admin_site.admin.entries.records import LookupEntry
from admin_site.descriptions import Description, Relation, describe
from admin_site.keys import Scope
from admin_site.listing import LABEL, Found, Listing, lookup
from admin_site.listing.loading import settle
from admin_site.services.records import Members

MEMBERS_SHOWN = 25
MOST_COUNTED = 1_000


@dataclass(frozen=True)
class Crowd:
    """The members of a to-many relation that a page shows, and how many more there are at least."""

    shown: tuple[Any, ...]
    has_more: bool


class MembersEntry(LookupEntry):
    """The members of a to-many relation: who joins and who leaves travels, never the whole collection."""

    def __init__(self, relation: Relation, label: str, lookup: Lookup, help_text: str = "") -> None:
        super().__init__(relation, label, lookup, help_text)
        self.required = False

    @property
    def input_names(self) -> set[str]:
        return {f"{self.name}:{part}" for part in ("add", "remove", "search", "after", "within", "at")}

    def change(self, session: Session, form: FormData) -> Members | Unset:
        add = self._records(session, form.getlist(f"{self.name}:add"))
        remove = self._records(session, form.getlist(f"{self.name}:remove"))
        return Members(add, remove) if add or remove else UNSET

    def control(self, session: Session, record: Any, text: str, error: str) -> Control:
        page = self.page(session, record)
        return {
            "widget": "members",
            "lookup_url": self.lookup.url,
            "called": self.lookup.called,
            "add_url": self.lookup.add_url,
            "edit_url": self.lookup.edit_url,
            "show_url": self.lookup.show_url,
            "members_url": self.lookup.members_url,
            "members": [self.option(member) for member in page.records],
            "count_text": self.count_text(session, record, page),
            "at": page.after,
            "options": [],
            "marked": [],
        }

    def resume(self, session: Session, record: Any, control: Control, form: FormData, pressed: str) -> None:
        added = [key for key in form.getlist(f"{self.name}:add") if isinstance(key, str)]
        control["options"] = [option | {"selected": True} for option in self.options(session, added)]
        super().resume(session, record, control, form, pressed)
        control["within"] = str(form.get(f"{self.name}:within") or "")
        if pressed in (f"{self.name}:members", f"{self.name}:next"):
            at = str(form.get(f"{self.name}:at") or "") if pressed.endswith(":next") else ""
            page = self.page(session, record, control["within"], at)
            control |= {"members": [self.option(member) for member in page.records], "at": page.after}
            control["is_begun"] = bool(at)
        self._mark(session, control, form)

    def page(self, session: Session, record: Any, term: str = "", after: str = "") -> Found:
        """Return the members whose labels or keys match, a page of them, newest first."""
        if record is None:
            return Found([])
        among = _among(record, self.relation, self.lookup.scope)
        withheld = self.lookup.withheld
        return lookup(
            session, self.target, term, MEMBERS_SHOWN, among, after, by_name=False, withheld=withheld
        )

    def count_text(self, session: Session, record: Any, page: Found) -> str:
        """Return how many members there are, counting as far as people wait for it."""
        if not page.after:
            return str(len(page.records)) if page.records else ""
        key = [getattr(self.target.model, name) for name in self.target.key]
        rows = _among(record, self.relation, self.lookup.scope)(select(*key)).limit(MOST_COUNTED + 1)
        number = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
        return f"{MOST_COUNTED:,}+" if number > MOST_COUNTED else f"{number:,}"

    def _mark(self, session: Session, control: Control, form: FormData) -> None:
        """Mark who is to leave; those on another page than the one shown are listed by themselves."""
        removed = {key for key in form.getlist(f"{self.name}:remove") if isinstance(key, str) and key}
        for member in control["members"]:
            member["removed"] = member["value"] in removed
        elsewhere = sorted(removed - {member["value"] for member in control["members"]})
        control["marked"] = [option | {"removed": True} for option in self.options(session, elsewhere)]

    def _records(self, session: Session, keys: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(self.value(session, key, FormData()) for key in keys if isinstance(key, str) and key)


def _among(record: Any, relation: Relation, scope: Scope | None) -> Scope:
    """Return what leaves of the records of a relation's class its members that may be seen."""
    attribute = getattr(type(record), relation.name)

    def among(statement: Select[Any]) -> Select[Any]:
        members_alone = statement.where(with_parent(record, attribute))
        return scope(members_alone) if scope else members_alone

    return among


def members(
    session: Session,
    record: Any,
    relation: Relation,
    limit: int,
    scope: Scope | None = None,
    load: Sequence[str] = (),
) -> Crowd:
    """Return the first members of a to-many relation that may be seen, without loading the others.

    `load` names relations of theirs that will be read.
    """
    target = describe(relation.target)
    every = _among(record, relation, scope)(select(relation.target))
    statement = every.options(lazyload("*"))  # labels read relations, some of which refuse to load
    by_key = statement.order_by(*(getattr(relation.target, name) for name in target.key))
    loaded = by_key.options(*(selectinload(getattr(relation.target, name)) for name in load))
    found = session.scalars(loaded.limit(limit + 1)).all()
    settle(session, _labels(target), found[:limit], (LABEL,))
    return Crowd(tuple(found[:limit]), len(found) > limit)


@cache
def _labels(description: Description) -> Listing:
    """Return what learns which other records the labels of a class read, to load those all at once."""
    return Listing.of(description, columns=(LABEL,), filters={})
