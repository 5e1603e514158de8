"""A person of the example school, with the courses, flows and things that go with one."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from admin_site.models import Course, Enrollment, Flow, Item, User
from admin_site.seed.catalogue import ALUMNUS, FOUNDED_AT, GUARDIAN, STAFF, STUDENT, TEACHER, TODAY
from admin_site.seed.names import Name, Names

DOMAIN = "example.org"  # reserved by RFC 2606: nobody gets mail there
GRADES = ("A", "A-", "B+", "B", "B-", "C+", "C", "D", "F")


@dataclass(frozen=True)
class Kind:
    """How people of one user type usually are."""

    share: int  # of 100 people
    ages: tuple[int, int]
    courses: tuple[int, int]
    flow_chance: float


KINDS = {
    STUDENT: Kind(80, (16, 27), (2, 5), 0.5),
    TEACHER: Kind(8, (27, 66), (1, 4), 0.1),
    STAFF: Kind(5, (21, 66), (0, 0), 0.1),
    GUARDIAN: Kind(4, (35, 70), (0, 0), 0.0),
    ALUMNUS: Kind(3, (20, 40), (0, 0), 0.0),
}
ITEMS = {
    "Laptop": "On loan until the end of the term.",
    "Library card": None,
    "Locker key": "Ground floor, east wing.",
    "Laboratory coat": "Size on the label.",
    "Graphic calculator": "Returned with fresh batteries, please.",
    "Parking permit": "Valid for one car.",
    "Violin": "With bow and case.",
    "Projector": "For seminar rooms without one.",
}


@dataclass(frozen=True)
class School:
    """What a person can be connected with: the stored catalogue."""

    user_type_ids: dict[str, int]
    courses: Sequence[Course]
    flows: Sequence[Flow]


class People:
    """Person 0, 1, 2, ... of one random seed, each the same in whatever order they are asked for."""

    def __init__(self, random_seed: int) -> None:
        self._random_seed = random_seed
        self._names = Names(random_seed)

    def key(self, index: int) -> uuid.UUID:
        return uuid.UUID(int=self._rng("key", index).getrandbits(128), version=4)

    def user_name(self, index: int) -> str:
        return self._names[index].user_name

    def person(self, index: int, school: School) -> list[Any]:
        """Return the new person and the records that belong to them, none of them stored yet."""
        rng = self._rng("person", index)
        kind_name = rng.choices(list(KINDS), [kind.share for kind in KINDS.values()])[0]
        kind = KINDS[kind_name]
        user = _user(rng, self.key(index), self._names[index], kind)
        user.user_type_id = school.user_type_ids[kind_name]
        if rng.random() < kind.flow_chance:
            user.flows = rng.sample(school.flows, rng.randint(1, 2))
        taken = rng.sample(school.courses, rng.randint(*kind.courses))
        enrollments = [_enrollment(rng, user, course, is_teacher=kind_name == TEACHER) for course in taken]
        return [user, *enrollments, *_items(rng, user)]

    def _rng(self, purpose: str, index: int) -> random.Random:
        return random.Random(f"{purpose} {self._random_seed} {index}")  # noqa: S311 - example data


def email_address(user_name: str) -> str:
    return f"{user_name}@{DOMAIN}"


def _user(rng: random.Random, key: uuid.UUID, name: Name, kind: Kind) -> User:
    joined_at = _at_work(rng, FOUNDED_AT.date() + timedelta(rng.randrange((TODAY - FOUNDED_AT.date()).days)))
    return User(
        user_id=key,
        user_name=name.user_name,
        email_address=email_address(name.user_name),
        first_name=name.first,
        last_name=name.last,
        age=rng.randint(*kind.ages) if rng.random() < 0.98 else None,
        is_active=rng.random() < 0.96,
        created_at=joined_at,
        updated_at=joined_at,
    )


def _enrollment(rng: random.Random, user: User, course: Course, is_teacher: bool) -> Enrollment:
    enrolled = course.start_date - timedelta(rng.randrange(-7, 28))
    withdrawn = not is_teacher and rng.random() < 0.04
    left = enrolled + timedelta(rng.randrange(5, 24)) if withdrawn else course.end_date
    is_over = left is not None and left < TODAY
    at = _at_work(rng, enrolled)
    return Enrollment(
        user_id=user.user_id,
        course_id=course.course_id,
        enrolled_date=enrolled,
        end_date=left if is_over else None,
        associative_data=_pair_data(rng, is_teacher, is_over, withdrawn),
        created_at=at,
        updated_at=at,
    )


def _pair_data(rng: random.Random, is_teacher: bool, is_over: bool, withdrawn: bool) -> dict[str, Any] | None:
    """Return what belongs to the pair of a person and a course, such as the grade."""
    if is_teacher:
        return {"role": "teacher"}
    if withdrawn:
        return {"withdrawn": True}
    if not is_over:
        return {"seat": rng.randint(1, 60)} if rng.random() < 0.5 else None
    points = round(min(100.0, max(20.0, rng.gauss(76, 12))), 1)
    return {"grade": _grade(points), "points": points}


def _grade(points: float) -> str:
    return GRADES[min(len(GRADES) - 1, int((100 - points) / 6))]


def _items(rng: random.Random, user: User) -> list[Item]:
    titles = rng.sample(list(ITEMS), rng.choices((0, 1, 2, 3), (55, 30, 10, 5))[0])
    return [
        Item(
            title=f"{title} {rng.randint(1, 9999):04}",
            description=ITEMS[title],
            owner_id=user.user_id,
            created_at=user.created_at,
            updated_at=user.created_at,
        )
        for title in titles
    ]


def _at_work(rng: random.Random, day: date) -> datetime:
    return datetime.combine(day, time(8), UTC) + timedelta(seconds=rng.randrange(9 * 3600))
