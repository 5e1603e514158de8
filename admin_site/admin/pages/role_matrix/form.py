"""The form of a role's rights: which models one page of it shows, and what somebody ticked there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from admin_site.admin.grant_matrix import (
    WHOLE,
    Cell,
    Change,
    Limits,
    actions_of_all,
    applied,
    as_facts,
    cell_called,
    from_facts,
)
from admin_site.admin.pages.role_matrix.subject import Subject
from admin_site.errors import BadRequest, Forbidden
from admin_site.permissions import WILDCARD, GrantableModel, may_grant, names_in

MOST_MODELS = 120  # on one page: a form holds some thousand ticks, and nobody reads more
MOST_UNKNOWN = 100  # grants listed that the site does not know
NO_FIELDS = "Tick at least one field, or choose all fields."
NOT_HELD = "You may not grant “{right}”: you do not hold this right yourself."
NOT_THERE = "There is no such right to grant here: {right}. Open the page again."
INCOMPLETE = "This form was not complete. Open the page again."


@dataclass(frozen=True)
class Page:
    """Some of the models of a site, and the cells of the matrix that are theirs or of all models."""

    subject: Subject
    kinds: tuple[GrantableModel, ...]
    query: str
    number: int
    last: int

    @property
    def url(self) -> str:
        return self.at(self.number)

    def at(self, number: int) -> str:
        visit = self.subject.visit
        path = visit.url(self.subject.view, "permissions", self.subject.role)
        asked = {"q": self.query} if self.query else {}
        asked |= {"page": str(number)} if number > 1 else {}
        return f"{path}?{urlencode(asked)}" if asked else path

    @cached_property
    def cells(self) -> frozenset[Cell]:
        every = {(WILDCARD, action) for action in actions_of_all(self.subject.grantable)}
        own = {(kind.identity, action) for kind in self.kinds for action in (WILDCARD, *kind.actions)}
        return frozenset(every | own)

    @property
    def held(self) -> dict[Cell, Limits]:
        """Return what the role holds of these cells."""
        known = self.subject.granted.known
        return {cell: limits for cell, limits in known.items() if cell in self.cells}

    def has_moved(self, draft: "Draft") -> bool:
        """Return whether the role holds something else by now than when the form was made."""
        before = {cell: limits for cell, limits in draft.base.items() if cell in self.cells}
        return before != self.held or draft.had_second_factor != self.subject.role.requires_second_factor


@dataclass
class Draft:
    """What somebody ticked, beside what the role held when the form was made; `problems` go by cell name."""

    base: dict[Cell, Limits]
    had_second_factor: bool
    ticked: set[Cell]
    limits: dict[Cell, Limits]
    second_factor: bool
    dropped: set[Cell] = field(default_factory=set)
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def stored(cls, subject: Subject, page: Page) -> "Draft":
        held, is_required = page.held, subject.role.requires_second_factor
        return cls(held, is_required, set(held), dict(held), is_required)

    @classmethod
    def proposed(
        cls, subject: Subject, page: Page, changes: Iterable[Change], second_factor: bool | None
    ) -> "Draft":
        """Return the draft in which these changes are made to what the role holds now."""
        changes = list(changes)
        draft = cls.stored(subject, page)
        draft.limits = applied(draft.base, (change for change in changes if change.cell in page.cells))
        draft.ticked = set(draft.limits)
        draft.dropped = {change.cell for change in changes if change.cell in subject.granted.unknown}
        draft.second_factor = draft.had_second_factor if second_factor is None else second_factor
        return draft

    @property
    def wanted(self) -> dict[Cell, Limits]:
        return {cell: self.limits.get(cell, WHOLE) for cell in self.ticked}

    def facts(self) -> dict[str, Any]:
        return {"held": as_facts(self.base), "second_factor": self.had_second_factor}


def page_of(subject: Subject) -> Page:
    """Return the page of the matrix that the URL asks for: models by name, or the first of all."""
    asked = subject.visit.request.query_params
    query = asked.get("q", "").strip()[:100]
    kinds = [kind for _, group in in_sections(subject) for kind in group if _is_called(kind, query)]
    last = max(1, -(-len(kinds) // MOST_MODELS))
    typed = asked.get("page", "1")
    number = min(last, max(1, int(typed))) if typed.isdecimal() and len(typed) < 7 else 1
    shown = kinds[(number - 1) * MOST_MODELS : number * MOST_MODELS]
    return Page(subject, tuple(shown), query, number, last)


def in_sections(subject: Subject) -> list[tuple[str, list[GrantableModel]]]:
    """Return what can be granted by the sections of the menu, in their order."""
    found: dict[str, list[GrantableModel]] = {}
    for view in subject.visit.site.model_views:
        kind = subject.grantable.kinds[view.identity]
        found.setdefault(view.category or "Pages", []).append(kind)
    return list(found.items())


def read_draft(subject: Subject, page: Page) -> Draft:
    """Return what was ticked in the form that was sent.

    Raises BadRequest for what no form of ours holds, and Forbidden for a right that the sender may not grant.
    """
    form = subject.visit.form
    base, had_second_factor = _read_base(subject)
    ticked = {_cell_sent(subject, page, name) for name in _texts(form.getlist("grant"))}
    draft = Draft(base, had_second_factor, ticked, dict(base), had_second_factor)
    if subject.may_set_second_factor:
        draft.second_factor = "second_factor" in form
    elif "second_factor" in form and not had_second_factor:
        raise Forbidden("You may not change who has to have a second factor.")
    draft.limits |= _read_limits(subject, page, draft)
    _read_dropped(subject, draft)
    return draft


def _read_base(subject: Subject) -> tuple[dict[Cell, Limits], bool]:
    try:
        facts = subject.seal.read(str(subject.visit.form.get(":base", "")))
        held = from_facts(facts["held"])
        return {cell: limits for cell, limits in held.items() if limits is not None}, facts["second_factor"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadRequest(INCOMPLETE) from error


def _cell_sent(subject: Subject, page: Page, name: str) -> Cell:
    cell = cell_called(name[:400])
    if cell is None:
        raise BadRequest(INCOMPLETE)
    if cell not in page.cells:
        if not may_grant(subject.visit.identity, *cell):
            raise Forbidden(NOT_HELD.format(right=f"{cell[1]} on {cell[0]}"))
        raise BadRequest(NOT_THERE.format(right=f"{cell[1]} on {cell[0]}"))
    return cell


def _read_limits(subject: Subject, page: Page, draft: Draft) -> dict[Cell, Limits]:
    """Return the limits that the form names, ticked or not: a tick that comes back finds them again."""
    form = subject.visit.form
    prefixes = ("fields:", "scope:", "only:")
    named = {name.partition(":")[2] for name in form if name.startswith(prefixes)}
    found = {}
    for name in named:
        cell = cell_called(name)
        if cell is None or cell not in page.cells:
            continue
        texts = _texts(form.getlist(f"fields:{name}"))
        only = form.get(f"only:{name}")
        fields = frozenset().union(*map(names_in, texts)) if only != "all" else frozenset[str]()
        if only == "some" and not fields and cell in draft.ticked:
            draft.problems[name] = NO_FIELDS
        found[cell] = Limits(fields, str(form.get(f"scope:{name}", "")))
    return found


def _read_dropped(subject: Subject, draft: Draft) -> None:
    """Let the form take away grants that the site does not know; they cannot be given."""
    unknown = subject.granted.unknown
    for name in _texts(subject.visit.form.getlist("drop")):
        cell = cell_called(name)
        if cell is not None and cell in unknown:
            draft.dropped.add(cell)
            draft.base[cell] = unknown[cell]


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _is_called(kind: GrantableModel, query: str) -> bool:
    words = query.casefold()
    return words in kind.name.casefold() or words in kind.identity
