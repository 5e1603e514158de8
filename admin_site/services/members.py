"""How members join and leave a to-many relation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session, with_parent
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.collections import collection_adapter

from admin_site.descriptions import Relation, describe
from admin_site.listing.paths import key_among

BATCH = 500  # members looked up by one statement


@dataclass(frozen=True)
class Members:
    """Who joins and who leaves a to-many relation; everybody else stays, unseen and unloaded.

    One who joins and leaves at once is no member afterwards.
    """

    add: Sequence[Any] = ()
    remove: Sequence[Any] = ()


@dataclass(frozen=True)
class Moves:
    """Who really joins and who really leaves."""

    joining: list[Any]
    leaving: list[Any]
    is_partial: bool  # the relation holds no more than these until it is expired


def change_members(session: Session, record: Any, relation: Relation, change: Members) -> Moves:
    """Let members join and leave without loading the others, however many they are."""
    if relation.collection in ("dynamic", "write_only"):
        return _change_query(session, record, relation, change)
    is_partial = inspect(record).persistent and relation.name not in inspect(record).dict
    if is_partial:
        present = _present(session, record, relation, (*change.add, *change.remove))
        set_committed_value(record, relation.name, present)
    members = collection_adapter(getattr(record, relation.name))
    moves = _moves(list(members), change, is_partial)
    for member in moves.joining:
        members.append_with_event(member)
    for member in moves.leaving:
        members.remove_with_event(member)
    return moves


def _change_query(session: Session, record: Any, relation: Relation, change: Members) -> Moves:
    members = getattr(record, relation.name)
    moves = _moves(_present(session, record, relation, (*change.add, *change.remove)), change, False)
    for member in moves.joining:
        members.add(member)
    for member in moves.leaving:
        members.remove(member)
    return moves


def _moves(present: Iterable[Any], change: Members, is_partial: bool) -> Moves:
    """Compare by identity: two records of a dataclass may be equal."""
    inside = {id(member) for member in present}
    added = {id(member): member for member in change.add}
    removed = {id(member): member for member in change.remove}
    return Moves(
        [member for place, member in added.items() if place not in inside and place not in removed],
        [member for place, member in removed.items() if place in inside],
        is_partial,
    )


def _present(session: Session, record: Any, relation: Relation, candidates: Sequence[Any]) -> list[Any]:
    """Return those of `candidates` that are stored as members of the relation."""
    stored = [candidate for candidate in candidates if inspect(candidate).has_identity]
    if not inspect(record).has_identity or not stored:
        return []
    target = describe(relation.target)
    is_member = with_parent(record, getattr(type(record), relation.name))
    found: list[Any] = []
    for start in range(0, len(stored), BATCH):
        keys = [target.key_of(candidate) for candidate in stored[start : start + BATCH]]
        statement: Select[Any] = select(target.model).where(is_member, key_among(target, target.model, keys))
        found.extend(session.scalars(statement).unique())
    return found
