"""Deleting a record that others belong to."""

from collections.abc import Callable
from datetime import date

from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from admin_site.models import Course, Enrollment, User
from tests.browser.sites import Site, Visitor
from tests.factories import make_user

OF_BOTANY = select(func.count()).select_from(Enrollment).join(Course).where(Course.name == "Botany")


def a_course(site: Site, people: int) -> Course:
    """Store a course that so many people take."""
    with site.database.session() as session:
        course = Course(name="Botany", start_date=date(2030, 1, 7))
        some = session.scalars(select(User).order_by(User.user_name).limit(people)).all()
        guests = [make_user(session) for _ in range(people - len(some))]
        for user in (*some, *guests):
            course.enrollments.append(Enrollment(user=user, enrolled_date=date(2030, 1, 7)))
        session.add(course)
    return course


def number(site: Site) -> int:
    with site.database.session() as session:
        return session.scalar(OF_BOTANY) or 0


def ask(visitor: Visitor, course: Course) -> Page:
    page = visitor.go(f"/admin/course/details/{course.course_id}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("link", name="Delete…").click()
    return page


def test_a_parent_goes_with_its_children_after_a_look_at_them(site: Site, visit: Callable[..., Visitor]):
    course = a_course(site, people=12)
    visitor = visit(site).sign_in()

    page = ask(visitor, course)
    expect(page.get_by_role("heading", level=1)).to_have_text("Delete Botany?")
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    page.get_by_role("link", name="Enrollments deleted by the database 12").click()
    expect(page.get_by_role("main")).to_contain_text("1–12 of 12")
    page.go_back()
    page.get_by_role("button", name="Delete course").click()

    expect(page.get_by_role("status").filter(has_text="was deleted")).to_contain_text(
        "Course “Botany” was deleted, and with it 12 enrollments."
    )
    assert number(site) == 0
    assert visitor.problems == []


def test_a_child_that_was_added_meanwhile_is_asked_about(site: Site, visit: Callable[..., Visitor]):
    course = a_course(site, people=2)
    visitor = visit(site).sign_in()
    page = ask(visitor, course)
    with site.database.session() as session:
        late = session.scalars(select(User).order_by(User.user_name.desc()).limit(1)).one()
        session.add(
            Enrollment(user_id=late.user_id, course_id=course.course_id, enrolled_date=date(2030, 1, 8))
        )

    page.get_by_role("button", name="Delete course").click()

    expect(page.get_by_role("alert")).to_contain_text("Since you looked, 1 enrollment was added.")
    expect(page.get_by_role("link", name="Enrollments deleted by the database 3")).to_be_visible()
    expect(page.get_by_role("link", name="Cancel")).to_be_focused()
    assert number(site) == 3
    page.get_by_role("button", name="Delete course").click()
    expect(page.get_by_role("status").filter(has_text="was deleted")).to_contain_text("3 enrollments")
    assert visitor.problems == []


def test_many_children_go_only_when_it_is_typed(site: Site, visit: Callable[..., Visitor]):
    course = a_course(site, people=101)
    visitor = visit(site).sign_in()
    page = ask(visitor, course)
    button = page.get_by_role("button", name="Delete course")
    typed = page.get_by_label("101 records are affected. To confirm, type Botany or 101")

    button.click()
    expect(typed).to_be_focused()  # the browser asks for it
    typed.fill("botany")
    typed.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was deleted.")
    expect(typed).to_be_focused()
    expect(typed).to_have_value("botany")
    assert number(site) == 101
    typed.fill("Botany")
    typed.press("Enter")

    expect(page.get_by_role("status").filter(has_text="was deleted")).to_contain_text("101 enrollments")
    assert visitor.problems == []
