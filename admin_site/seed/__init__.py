"""Example data: a believable school of any size, the same for the same random seed."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from admin_site import audit
from admin_site.database import Database
from admin_site.descriptions import describe
from admin_site.models import Course, Flow, Role, User, UserType
from admin_site.permissions import COMMAND_LINE
from admin_site.seed.catalogue import FOUNDED, ROLES, STAFF, catalogue
from admin_site.seed.names import plain
from admin_site.seed.people import People, School, email_address
from admin_site.services import accounts, records

PEOPLE = 200
RANDOM_SEED = 1
BATCH = 1000  # people to a transaction: what the process holds at a time, whatever their number

HOLDERS = uuid.UUID("7d0a4a0e-6a55-4d5c-9f0e-3c1f6f8b2a11")  # the namespace of the role holders' keys

Places = dict[Any, int]


@dataclass(frozen=True)
class Outcome:
    added: int
    present: int


def seed(
    database: Database,
    people: int = PEOPLE,
    random_seed: int = RANDOM_SEED,
    advance: Callable[[int], object] = lambda done: None,
) -> Outcome:
    """Store the school, its role holders and `people` people, as far as they are not there yet.

    `advance` is told how many people each transaction has dealt with. A run that was interrupted goes on
    where it stopped, because everybody has a key that depends on the random seed and their number alone.
    """
    with database.session() as session:
        _store_catalogue(session)
        _store_role_holders(session)
    source = People(random_seed)
    added = 0
    for start in range(0, people, BATCH):
        indices = range(start, min(start + BATCH, people))
        with database.session() as session:
            added += _store_people(session, source, indices)
        advance(len(indices))
    return Outcome(added=added, present=people - added)


def is_empty(database: Database) -> bool:
    """Whether the database holds no people at all."""
    with database.session() as session:
        return session.scalar(select(User.user_id).limit(1)) is None


def _store_catalogue(session: Session) -> None:
    audit.attribute(session, audit.command_line())
    for model, rows in catalogue().items():
        present = _names(session, model)
        for row in rows:
            if row["name"] not in present:
                records.create(session, COMMAND_LINE, describe(model), row)


def _store_role_holders(session: Session) -> None:
    """Store the people who hold the roles; they cannot sign in until someone sends them a link."""
    roles, staff = _names(session, Role), _names(session, UserType)[STAFF]
    for role, story in ROLES.items():
        for first, last in story.holders:
            user_name = f"{plain(first)}.{plain(last)}"
            key, address = uuid.uuid5(HOLDERS, user_name), email_address(user_name)
            if not _present(session, {key: 0}, {user_name: 0}, {address: 0}):
                accounts.create_user(
                    session,
                    user_id=key,
                    user_name=user_name,
                    email_address=address,
                    first_name=first,
                    last_name=last,
                    user_type=staff,
                    roles=[roles[role]],
                    **FOUNDED,
                )


def _store_people(session: Session, source: People, indices: range) -> int:
    audit.attribute(session, audit.command_line())
    school = _school(session)
    keys: Places = {source.key(index): index for index in indices}
    names: Places = {source.user_name(index): index for index in indices}
    addresses: Places = {email_address(name): index for name, index in names.items()}
    present = _present(session, keys, names, addresses)
    missing = [index for index in indices if index not in present]
    for index in missing:
        session.add_all(source.person(index, school))
    return len(missing)


def _school(session: Session) -> School:
    """Return the stored catalogue; what else the database holds stays out of the story."""
    names = {model: {row["name"] for row in rows} for model, rows in catalogue().items()}
    return School(
        user_type_ids={name: kind.user_type_id for name, kind in _names(session, UserType).items()},
        courses=session.scalars(
            select(Course).where(Course.name.in_(names[Course])).order_by(Course.course_id)
        ).all(),
        flows=session.scalars(select(Flow).where(Flow.name.in_(names[Flow])).order_by(Flow.flow_id)).all(),
    )


def _present(session: Session, keys: Places, names: Places, addresses: Places) -> set[int]:
    """Return the places of those who are stored, or whose user name or e-mail address somebody else has."""
    user_name, address = func.lower(User.user_name), func.lower(User.email_address)
    taken = or_(User.user_id.in_(keys), user_name.in_(names), address.in_(addresses))
    places = keys | names | addresses
    found = session.execute(select(User.user_id, user_name, address).where(taken))
    return {places[value] for row in found for value in row if value in places}


def _names(session: Session, model: Any) -> dict[str, Any]:
    return {record.name: record for record in session.scalars(select(model))}
