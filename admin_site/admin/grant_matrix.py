"""The rights of a role as a matrix: grants become cells, and what was ticked becomes changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from admin_site.permissions import (
    ACTIONS,
    BY_FIELD,
    WILDCARD,
    Grantable,
    GrantableModel,
    LimitedGrant,
    Right,
    action_label,
    names_in,
)

Cell = tuple[str, str]
"""The identity of a model, or *, and an action, or *: a role has one grant of each at most."""

EVERYTHING: Cell = (WILDCARD, WILDCARD)
OWN_COLUMN = (WILDCARD, *(str(action) for action in ACTIONS if not action.startswith("action:")))
"""The actions that have a column of their own; all others stand together in the last one."""


@dataclass(frozen=True)
class Limits:
    """What a grant leaves of a model; no name limits nothing."""

    fields: frozenset[str] = frozenset()
    scope: str = ""

    def __bool__(self) -> bool:
        return bool(self.fields or self.scope)


WHOLE = Limits()
Held = Mapping[Cell, Limits]


@dataclass(frozen=True)
class Change:
    """One cell that becomes another; None stands for no grant."""

    cell: Cell
    old: Limits | None
    new: Limits | None

    @property
    def gained(self) -> Right | None:
        return None if self.new is None else right_of_cell(self.cell, self.new)

    @property
    def lost(self) -> Right | None:
        return None if self.old is None else right_of_cell(self.cell, self.old)


@dataclass(frozen=True)
class Granted:
    """What a role is granted on a site: what is known there, and what is not (any more)."""

    known: Held
    unknown: Held

    @property
    def held(self) -> dict[Cell, Limits]:
        return {**self.known, **self.unknown}


def right_of_cell(cell: Cell, limits: Limits) -> Right:
    return LimitedGrant(*cell, limits.fields, limits.scope) if limits else cell


def held_by(grants: Iterable[Any]) -> dict[Cell, Limits]:
    """Return the cells of RoleGrants, or of rows with the same columns."""
    return {
        (grant.model, grant.action): Limits(names_in(grant.fields), grant.scope or "") for grant in grants
    }


def parted(held: Held, grantable: Grantable) -> Granted:
    """Part what a site knows from grants of models that are not loaded, or of what cannot be done there."""
    every = actions_of_all(grantable)
    actions = {WILDCARD: every} | {name: {WILDCARD, *kind.actions} for name, kind in grantable.kinds.items()}
    known = {cell: limits for cell, limits in held.items() if cell[1] in actions.get(cell[0], ())}
    return Granted(known, {cell: limits for cell, limits in held.items() if cell not in known})


def actions_of_all(grantable: Grantable) -> dict[str, str]:
    """Return what can be granted on all models at once, with its words: what can be done to any of them."""
    found = {WILDCARD: "All actions"}
    found |= {action: action_label(action) for action in OWN_COLUMN if action != WILDCARD}
    for kind in grantable.kinds.values():
        found |= kind.actions
    return found


def columns_of(grantable: Grantable, held: Held) -> list[str]:
    """Return the actions that have a column: those that can be done to something here, or are granted."""
    used = {WILDCARD, *(action for _, action in held)}
    used.update(*(kind.actions for kind in grantable.kinds.values()))
    return [action for action in OWN_COLUMN if action in used]


def others(actions: Mapping[str, str]) -> dict[str, str]:
    """Return those actions of a model that have no column of their own."""
    return {action: label for action, label in actions.items() if action not in OWN_COLUMN}


def wildcard_over(held: Held, cell: Cell) -> Cell | None:
    """Return the wildcard by which a role holds a whole cell anyway, the widest first."""
    model, action = cell
    wider = (EVERYTHING, (WILDCARD, action), (model, WILDCARD))
    return next((each for each in wider if each != cell and held.get(each) == WHOLE), None)


def partly_over(held: Held, cell: Cell) -> Limits | None:
    """Return what leaves a part of a cell to a role that is granted all actions on the model with limits."""
    model, action = cell
    left = held.get((model, WILDCARD))
    if not left or action == WILDCARD or (left.fields and action not in BY_FIELD):
        return None
    return left


def changes_between(old: Held, new: Held) -> list[Change]:
    """Return how `new` differs from `old`, in the order of their cells."""
    cells = sorted({*old, *new})
    return [Change(cell, old.get(cell), new.get(cell)) for cell in cells if old.get(cell) != new.get(cell)]


def rebased(changes: Iterable[Change], now: Held) -> list[Change]:
    """Return what is left to do of changes where the cells hold something else by now."""
    moved = (Change(change.cell, now.get(change.cell), change.new) for change in changes)
    return [change for change in moved if change.old != change.new]


def applied(held: Held, changes: Iterable[Change]) -> dict[Cell, Limits]:
    """Return what a role holds after changes."""
    after = dict(held)
    for change in changes:
        if change.new is None:
            after.pop(change.cell, None)
        else:
            after[change.cell] = change.new
    return after


def rights(held: Held) -> frozenset[Right]:
    return frozenset(right_of_cell(cell, limits) for cell, limits in held.items())


def can_be_limited(kind: GrantableModel | None, action: str) -> bool:
    """Return whether a grant of `action` may leave out fields or rows of a model; not of all models."""
    return kind is not None and (kind.can_be_by_field(action) or bool(kind.scopes))


# -- as texts of a form, and as facts of a seal ----------------------------------------------------------


def name_of_cell(cell: Cell) -> str:
    return " ".join(cell)


def cell_called(name: str) -> Cell | None:
    """Return the cell with a name, None for what is none."""
    model, _, action = name.partition(" ")
    return (model, action) if model and action and " " not in action else None


def as_facts(held: Mapping[Cell, Limits | None]) -> list[list[Any]]:
    """Return cells as a seal carries them."""
    return [
        [*cell, None if limits is None else [sorted(limits.fields), limits.scope]]
        for cell, limits in sorted(held.items())
    ]


def from_facts(facts: Iterable[Any]) -> dict[Cell, Limits | None]:
    """Return the cells that `as_facts` made facts of."""
    return {
        (model, action): None if limits is None else Limits(frozenset(limits[0]), limits[1])
        for model, action, limits in facts
    }
