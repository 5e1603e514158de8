"""What the page of a role's rights shows: a row for each model, a cell for each thing to do with it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from admin_site.admin.grant_matrix import (
    EVERYTHING,
    WHOLE,
    Cell,
    Limits,
    actions_of_all,
    can_be_limited,
    columns_of,
    name_of_cell,
    others,
    partly_over,
    wildcard_over,
)
from admin_site.admin.pages.role_matrix.form import MOST_MODELS, MOST_UNKNOWN, Draft, Page, in_sections
from admin_site.admin.pages.role_matrix.subject import Subject
from admin_site.admin.pages.role_matrix.words import ALL_ACTIONS, ALL_MODELS, limits_in_words, words_of
from admin_site.permissions import (
    WILDCARD,
    Grantable,
    GrantableModel,
    Identity,
    LimitedGrant,
    as_fields,
    limits,
    may_grant,
)

NOT_YOURS = "You do not hold this right yourself, so you may not grant it."
NOT_ALL_OF_IT = "You hold this for a part of it only, so you may not grant all of it."
BY = {"everything": "All actions on all models", "column": ALL_MODELS, "row": ALL_ACTIONS}


def matrix(subject: Subject, page: Page, draft: Draft, opened: str) -> dict[str, Any]:
    """Return what the template of the matrix is given beside what every page has."""
    wanted = draft.wanted
    opened = opened or next((name for name in draft.problems if name), "")
    rows = _Rows(subject, draft, wanted, opened)
    shown = {kind.identity for kind in page.kinds}
    sections = [
        {"name": name, "rows": [rows.of(kind) for kind in kinds if kind.identity in shown]}
        for name, kinds in in_sections(subject)
    ]
    unknown = sorted(subject.granted.unknown.items())
    all_row = rows.of_all()
    return {
        "columns": [(action, actions_of_all(subject.grantable)[action]) for action in rows.columns],
        "all_row": all_row,
        "has_fixed": rows.has_fixed,
        "sections": [section for section in sections if section["rows"]],
        "problems": list(_problems(subject.grantable, draft.problems)),
        "base": subject.seal.sign(draft.facts()),
        "second_factor": _second_factor(subject, draft),
        "unknown": [_unknown(subject.grantable, cell, left, draft) for cell, left in unknown[:MOST_UNKNOWN]],
        "unknown_more": max(0, len(unknown) - MOST_UNKNOWN),
        "query": page.query,
        "has_pages": page.last > 1 or bool(page.query) or len(subject.grantable.kinds) > MOST_MODELS,
        "pages": {
            "number": page.number,
            "last": page.last,
            "previous": page.at(page.number - 1) if page.number > 1 else "",
            "next": page.at(page.number + 1) if page.number < page.last else "",
        },
    }


class _Rows:
    """The rows of one page: what is ticked, by whom it is held anyway, and what may be ticked."""

    def __init__(self, subject: Subject, draft: Draft, wanted: Mapping[Cell, Limits], opened: str) -> None:
        self._subject = subject
        self._identity = subject.visit.identity
        self._draft = draft
        self._wanted = wanted
        self._opened = opened
        self._grantable = subject.grantable
        self.has_fixed = False
        self.columns = columns_of(subject.grantable, subject.granted.known)

    def of_all(self) -> dict[str, Any]:
        actions = actions_of_all(self._grantable)
        return self._row(WILDCARD, ALL_MODELS, actions, None)

    def of(self, kind: GrantableModel) -> dict[str, Any]:
        return self._row(kind.identity, kind.name, {WILDCARD: ALL_ACTIONS, **kind.actions}, kind)

    def _row(
        self, model: str, name: str, actions: Mapping[str, str], kind: GrantableModel | None
    ) -> dict[str, Any]:
        return {
            "model": model,
            "name": name,
            "cells": [
                self._cell((model, action), name, actions[action], kind) if action in actions else None
                for action in self.columns
            ],
            "others": [
                self._cell((model, action), name, label, kind) for action, label in others(actions).items()
            ],
            "panel": self._panel(kind, actions) if kind else None,
        }

    def _cell(self, cell: Cell, name: str, label: str, kind: GrantableModel | None) -> dict[str, Any]:
        """Return one cell. Who holds a part of a right alone is offered that part of it."""
        own = None if self._subject.reason else _own_part(self._identity, cell)
        left = self._draft.limits.get(cell) or own or WHOLE
        is_ticked = cell in self._draft.ticked
        by, is_part = self._by(cell)
        may_grant_it = own is not None or is_ticked
        self.has_fixed |= not may_grant_it
        return {
            "name": name_of_cell(cell),
            "id": _id_of(cell),
            "text": label,
            "label": f"{name}: {label}",
            "is_ticked": is_ticked,
            "by": by,
            "is_part": is_part,
            "limits": limits_in_words(self._grantable, cell[0], left) if left else "",
            "fields": as_fields(left.fields),
            "scope": left.scope,
            "reason": self._subject.reason or ("" if may_grant_it else NOT_YOURS),
            "can_limit": not self._subject.reason and may_grant_it and can_be_limited(kind, cell[1]),
            "is_open": name_of_cell(cell) == self._opened,
        }

    def _by(self, cell: Cell) -> tuple[str, bool]:
        """Return in words by which wildcard a cell is held anyway, "" for none, and whether only in part."""
        wildcard = wildcard_over(self._wanted, cell)
        if wildcard is not None:
            return f"Held by “{BY[_kind_of(wildcard)]}”", False
        left = partly_over(self._wanted, cell)
        if left is None:
            return "", False
        return f"Held in part by “{ALL_ACTIONS}”: {limits_in_words(self._grantable, cell[0], left)}", True

    def _panel(self, kind: GrantableModel, actions: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the fields and rows of the cell that is open in a row, None where none is."""
        model, _, action = self._opened.partition(" ")
        if model != kind.identity or action not in actions or not can_be_limited(kind, action):
            return None
        cell = model, action
        own = _own_part(self._identity, cell)
        if self._subject.reason or (own is None and cell not in self._draft.ticked):
            return None
        left = self._draft.limits.get(cell) or own or WHOLE
        name = name_of_cell(cell)
        return {
            "name": name,
            "id": _id_of(cell),
            "action": actions[action],
            "label": f"{kind.name}: {actions[action]}",
            "problem": self._draft.problems.get(name, ""),
            "is_some": bool(left.fields) or name in self._draft.problems,
            "fields": list(self._fields(kind, cell, left)) if kind.can_be_by_field(action) else [],
            "scopes": list(self._scopes(kind, cell, left)),
            "may_all_fields": self._may(cell, (), ""),
            "reason": NOT_ALL_OF_IT,
        }

    def _fields(self, kind: GrantableModel, cell: Cell, left: Limits) -> Iterator[dict[str, Any]]:
        gone = {name: f"{name} (not here any more)" for name in sorted(left.fields - kind.fields.keys())}
        for name, label in {**kind.fields, **gone}.items():
            yield {
                "name": name,
                "label": label,
                "is_ticked": name in left.fields,
                "reason": "" if self._may(cell, (name,), "") else NOT_YOURS,
            }

    def _scopes(self, kind: GrantableModel, cell: Cell, left: Limits) -> Iterator[dict[str, Any]]:
        gone = {left.scope: f"{left.scope} (not here any more)"} if left.scope else {}
        offered = {"": "All rows", **gone, **kind.scopes}
        for name, label in offered.items() if kind.scopes or left.scope else ():
            may = self._may(cell, None, name)
            yield {"name": name, "label": label, "is_chosen": name == left.scope, "is_fixed": not may}

    def _may(self, cell: Cell, fields: tuple[str, ...] | None, scope: str) -> bool:
        """Return whether some grant that somebody holds reaches as far as these fields, or as this scope."""
        held = limits(self._identity, cell[1], cell[0])
        if held is None:
            return True
        if fields is None:
            return any(grant.scope in ("", scope) for grant in held)
        return any(not grant.fields or (fields and grant.fields.issuperset(fields)) for grant in held)


def _own_part(identity: Identity, cell: Cell) -> Limits | None:
    """Return how much of a right somebody may grant: the whole, the first part they hold, or None."""
    model, action = cell
    if may_grant(identity, model, action):
        return WHOLE
    held: Iterable[LimitedGrant] = limits(identity, action, model) or ()
    for grant in sorted(held, key=lambda grant: (len(grant.fields), sorted(grant.fields), grant.scope)):
        if may_grant(identity, model, action, grant.fields, grant.scope):
            return Limits(grant.fields, grant.scope)
    return None


def _kind_of(wildcard: Cell) -> str:
    if wildcard == EVERYTHING:
        return "everything"
    return "column" if wildcard[0] == WILDCARD else "row"


def _id_of(cell: Cell) -> str:
    """Return what a cell is called in the page, where no space and no colon may stand."""
    return "-".join(cell).replace("*", "all").replace(":", "-").replace("_", "-")


def _problems(grantable: Grantable, problems: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for name, words in problems.items():
        model, _, action = name.partition(" ")
        cell = model, action
        yield {
            "id": _id_of(cell) if name else "",
            "right": words_of(grantable, cell) if name else "",
            "words": words,
        }


def _second_factor(subject: Subject, draft: Draft) -> dict[str, Any] | None:
    if not subject.shows_second_factor:
        return None
    return {"is_on": draft.second_factor, "is_fixed": not subject.may_set_second_factor}


def _unknown(grantable: Grantable, cell: Cell, left: Limits, draft: Draft) -> dict[str, Any]:
    is_model = cell[0] in grantable.kinds
    return {
        "name": name_of_cell(cell),
        "model": words_of(grantable, cell).rpartition(": ")[0] if is_model else cell[0],
        "action": cell[1],
        "limits": limits_in_words(grantable, cell[0], left),
        "why": "Nothing of this kind can be done there." if is_model else "There is no such model here.",
        "is_dropped": cell in draft.dropped,
    }
