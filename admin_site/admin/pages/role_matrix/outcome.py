"""What changes of a role's rights mean: which rights go to whom, and from whom."""

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import select

from admin_site.admin.grant_matrix import (
    Cell,
    Change,
    Limits,
    applied,
    as_facts,
    right_of_cell,
    rights,
)
from admin_site.admin.pages.role_matrix.proposal import Proposal
from admin_site.admin.pages.role_matrix.subject import Subject
from admin_site.admin.pages.role_matrix.words import in_words, limits_in_words
from admin_site.models import user_roles
from admin_site.permissions import WILDCARD, LimitedGrant, Right, as_fields, covers
from admin_site.services.who_gains import (
    NO_ONE,
    Crowd,
    Effects,
    effects,
    holders,
    holding,
    without_second_factor,
)

GAINED, LOST = "gained", "lost"

Entry = tuple[str, Crowd, dict[str, Any]]


class Outcome:
    """Whom a proposal concerns, as far as who looks may see people."""

    def __init__(self, subject: Subject, proposal: Proposal) -> None:
        self._subject = subject
        self._proposal = proposal
        self._session = subject.visit.session

    @cached_property
    def holders(self) -> Crowd:
        if not self._subject.may_see_people:
            return NO_ONE
        return holders(self._session, self._subject.role, self._subject.people_scope)

    @cached_property
    def digest(self) -> str:
        """Return the digest of all that is shown, and of who has the role: of a page that is not the same
        any more nothing is saved.
        """
        role = self._subject.role
        has_role = user_roles.c.role_id == role.role_id
        people = self._session.scalars(
            select(user_roles.c.user_id).where(has_role).order_by(user_roles.c.user_id)
        )
        concerned = [
            sorted(
                [as_fact(right), crowd.number, *(str(user.user_id) for user in crowd.first)]
                for right, crowd in each.items()
            )
            for each in (self._effects.gains, self._effects.losses)
        ]
        facts = [
            self._subject.name,
            role.requires_second_factor,
            as_facts(self._subject.held),
            concerned,
            self._lacking.number,
            list(map(str, people)),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def groups(self) -> list[dict[str, Any]]:
        """Return the rights that are gained and those that are lost, each with those whom it concerns.

        Rights that go to the same people stand together, so that nobody reads the same names twenty times.
        """
        found: dict[tuple[str, Crowd], list[dict[str, Any]]] = {}
        for kind in (GAINED, LOST):
            for entry, crowd, right in self._entries():
                if entry == kind:
                    found.setdefault((entry, crowd), []).append(right)
        return [
            {"kind": kind, "rights": listed, "people": self._subject.told(crowd)}
            for (kind, crowd), listed in found.items()
        ]

    def second_factor(self) -> dict[str, Any] | None:
        """Return what becomes of the second factor; None where nothing does."""
        if not self._proposal.sets_second_factor(self._subject):
            return None
        return {"is_on": self._proposal.second_factor, "people": self._subject.told(self._lacking)}

    @cached_property
    def _lacking(self) -> Crowd:
        is_on = self._proposal.sets_second_factor(self._subject) and self._proposal.second_factor
        if not is_on or not self._subject.may_see_people:
            return NO_ONE
        return without_second_factor(self._session, self._subject.role, self._subject.people_scope)

    @cached_property
    def _effects(self) -> Effects:
        if not self._subject.may_see_people:
            return Effects({}, {})
        changes = self._proposal.changes
        return effects(
            self._session,
            self._subject.role,
            rights(self._subject.held),
            rights(applied(self._subject.held, changes)),
            gained=[right for change in changes if (right := change.gained) is not None],
            lost=[right for change in changes if (right := change.lost) is not None],
            scope=self._subject.people_scope,
        )

    def _entries(self) -> Iterator[Entry]:
        for change in self._proposal.changes:
            yield from self._entries_of(change)

    def _entries_of(self, change: Change) -> Iterator[Entry]:
        """Yield what is gained by a change, and what is lost by it: of another limit it may be either."""
        cell, old, new = change.cell, change.old, change.new
        is_wider = old is not None and new is not None and _reaches(cell, new, old)
        is_narrower = old is not None and new is not None and _reaches(cell, old, new)
        if new is not None and not is_narrower:
            note = f"so far {_limits(self._subject, cell, old)}" if old is not None else ""
            yield GAINED, self._crowd(GAINED, cell, new), self._told(cell, new, note)
        if old is not None and not is_wider:
            note = f"what is left: {_limits(self._subject, cell, new)}" if new is not None else ""
            yield LOST, self._crowd(LOST, cell, old), self._told(cell, old, note)

    def _crowd(self, kind: str, cell: Cell, left: Limits) -> Crowd:
        found = self._effects.gains if kind == GAINED else self._effects.losses
        return found.get(right_of_cell(cell, left), NO_ONE)

    def _told(self, cell: Cell, left: Limits, note: str) -> dict[str, Any]:
        return {
            "words": in_words(self._subject.grantable, cell, left),
            "note": note,
            "is_wide": WILDCARD in cell,
        }


def _reaches(cell: Cell, wide: Limits, narrow: Limits) -> bool:
    return covers(holding([right_of_cell(cell, wide)]), right_of_cell(cell, narrow))


def _limits(subject: Subject, cell: Cell, left: Limits | None) -> str:
    return limits_in_words(subject.grantable, cell[0], left) if left else "all of it"


def as_fact(right: Right) -> list[str]:
    """Return a right as every process tells it: the order in a set is another one in each."""
    limited = right if isinstance(right, LimitedGrant) else LimitedGrant(*right)
    return [limited.model, limited.action, as_fields(limited.fields), limited.scope]
