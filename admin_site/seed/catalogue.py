"""What the example school has before anybody joins it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from admin_site.models import Course, Flow, Role, RoleGrant, UserType
from admin_site.permissions import WILDCARD, Action
from admin_site.services.records import Members

Row = dict[str, Any]

TODAY = date(2026, 10, 1)  # the story's fixed day: the same data come out whenever it is told
FOUNDED_AT = datetime(2021, 8, 2, 8, 0, tzinfo=UTC)
FOUNDED: Row = {"created_at": FOUNDED_AT, "updated_at": FOUNDED_AT}

STUDENT, TEACHER, STAFF, GUARDIAN, ALUMNUS = "Student", "Teacher", "Staff", "Guardian", "Alumnus"
USER_TYPES = (STUDENT, TEACHER, STAFF, GUARDIAN, ALUMNUS)

TERMS = {
    "autumn 2025": (date(2025, 9, 1), date(2025, 12, 19)),
    "spring 2026": (date(2026, 1, 12), date(2026, 5, 29)),
    "autumn 2026": (date(2026, 8, 31), date(2026, 12, 18)),
}
SUBJECTS = {
    "Academic Writing": "Building an argument, quoting honestly, revising a draft.",
    "Algebra II": "Polynomials, exponential functions and complex numbers.",
    "Ancient Greek for Beginners": "The alphabet, the first declensions and a page of Aesop.",
    "Art History: Renaissance to Baroque": "From Giotto to Vermeer, with two museum visits.",
    "Biology: Cells and Genetics": "Cell division, inheritance and a semester of microscopy.",
    "Calculus I": "Limits, derivatives and their uses.",
    "Calculus II": "Integrals, series and differential equations.",
    "Chemistry: Laboratory Methods": "Titration, spectroscopy and keeping a laboratory notebook.",
    "Choir": "Four-part singing; two concerts a term.",
    "Computer Science: Algorithms": "Sorting, graphs and the cost of both.",
    "Computer Science: Databases": "The relational model, SQL and transactions.",
    "Creative Writing": "A short story every fortnight, read aloud.",
    "Drama Workshop": "Improvisation, voice and one production.",
    "Earth Science": "Plate tectonics, climate and a field trip.",
    "Economics: Markets and States": "Supply, demand and what governments do about them.",
    "English Literature: The Novel": "Austen, Eliot, Achebe and Ishiguro.",
    "Environmental Studies": "Water, soil, air and the law.",
    "Ethics": "Duties, consequences and virtues.",
    "Film Studies": "Eight films, frame by frame.",
    "French III": "Conversation and contemporary texts.",
    "Geography: Cities": "Why cities grow where they grow.",
    "German I": "First steps, up to the perfect tense.",
    "History: The Twentieth Century": "Two wars, decolonisation and 1989.",
    "Introduction to Law": "Contracts, torts and a mock trial.",
    "Introduction to Psychology": "Perception, memory and how experiments go wrong.",
    "Jazz Ensemble": "Standards and improvisation in small groups.",
    "Latin II": "Caesar with a dictionary.",
    "Linear Algebra": "Vectors, matrices and eigenvalues.",
    "Mandarin I": "Tones, characters and everyday conversation.",
    "Organic Chemistry": "Reactions of carbon compounds.",
    "Philosophy of Science": "What an explanation is.",
    "Photography": "Exposure, darkroom and a portfolio.",
    "Physical Education": "Team games, swimming and first aid.",
    "Physics: Electricity and Magnetism": "Fields, circuits and Maxwell's idea.",
    "Physics: Mechanics": "Forces, energy and rotation.",
    "Robotics": "Sensors, motors and a line that must be followed.",
    "Sociology": "Institutions, inequality and how to ask people about them.",
    "Spanish II": "Past tenses and Latin American short stories.",
    "Statistics": "Distributions, tests and their abuse.",
    "World Religions": "Texts and practices of seven traditions.",
}
FLOWS = {
    "Admission": "From application to the first day.",
    "Course change": "Moving to another course within the first three weeks.",
    "Exchange semester": "Applying, learning agreement, recognition of credits.",
    "Financial aid": "Application, means test and decision.",
    "Internship": "Finding a place, contract and report.",
    "Thesis": "Topic, supervisor, submission and defence.",
    "Graduation": "Checking credits, printing certificates, returning keys.",
    "Paper timetable": "Replaced by the online timetable in 2024.",
}
ENDED_FLOWS = frozenset({"Paper timetable"})


@dataclass(frozen=True)
class RoleStory:
    description: str
    grants: tuple[tuple[str, ...], ...]  # model and action, for some rows alone also their scope
    holders: tuple[tuple[str, str], ...]  # (first name, last name); none of them among the generated names


ROLES = {
    "Support": RoleStory(
        "Finds people, sends them links to a new password, unlocks them and signs them out.",
        (
            ("user", Action.LIST),
            ("user", Action.DETAILS),
            ("user", Action.RESET_PASSWORD),
            ("user", Action.UNLOCK),
            ("user", Action.END_SESSIONS),
        ),
        (("Morgan", "Whitlock"), ("Devi", "Castellano"), ("Ruben", "Achterberg")),
    ),
    "Registrar": RoleStory(
        "Keeps the school's records: courses, enrollments in active ones, kinds of people, and people.",
        (
            ("course", WILDCARD),
            ("enrollment", WILDCARD, "active-courses"),
            ("user-type", WILDCARD),
            ("user", Action.LIST),
            ("user", Action.DETAILS),
            ("user", Action.CREATE),
            ("user", Action.EDIT),
        ),
        (("Harriet", "Penhaligon"), ("Tunde", "Bakare")),
    ),
    "Auditor": RoleStory(
        "Reads everything, changes nothing.",
        ((WILDCARD, Action.LIST), (WILDCARD, Action.DETAILS)),
        (("Ottilie", "Brandvold"),),
    ),
}


def catalogue() -> dict[type, list[Row]]:
    """Return the rows of every kind; a row is known by its name."""
    rows: dict[type, list[Row]] = {
        UserType: [{"name": name} for name in USER_TYPES],
        Course: [
            _course(subject, description, term) for term in TERMS for subject, description in SUBJECTS.items()
        ],
        Flow: [
            {"name": name, "description": description, "is_active": name not in ENDED_FLOWS}
            for name, description in FLOWS.items()
        ],
        Role: [
            {"name": name, "description": story.description, "grants": _grants(story)}
            for name, story in ROLES.items()
        ],
    }
    return {model: [row | FOUNDED for row in kind] for model, kind in rows.items()}


def _course(subject: str, description: str, term: str) -> Row:
    start, end = TERMS[term]
    return {
        "name": f"{subject} ({term})",
        "description": description,
        "start_date": start,
        "end_date": end,
        "is_active": end >= TODAY,
    }


def _grants(story: RoleStory) -> Members:
    columns = "model", "action", "scope"
    return Members(add=tuple(RoleGrant(**dict(zip(columns, grant, strict=False))) for grant in story.grants))
