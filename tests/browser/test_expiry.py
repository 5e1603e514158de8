"""What is typed survives a session that ends, a closed tab and a wrong click; secrets never do."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import delete, select

from admin_site.models import Course, Draft, UserSession
from tests.browser.sites import Site, Visitor
from tests.factories import PASSWORD

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
SENTENCE = "Half a sentence, with “quotes”\nand a second line"
CANARY = "zq-canary-of-a-secret-71"
KEPT = "Unsaved changes · draft kept"


def a_course(site: Site) -> Course:
    with site.database.session() as session:
        return session.scalars(select(Course).order_by(Course.course_id)).first()


def description_of(site: Site, course: Course) -> str:
    with site.database.session() as session:
        return session.get_one(Course, course.course_id).description


def drafts(site: Site) -> list[dict[str, str]]:
    with site.database.session() as session:
        return [dict(draft.fields) for draft in session.scalars(select(Draft))]


def end_sessions(site: Site) -> None:
    with site.database.session() as session:
        session.execute(delete(UserSession), execution_options={"unaudited": "a test"})


def sign_in_again(page: Page) -> None:
    page.get_by_label("Name or e-mail").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.fixture
def visit(visit: Callable[..., Visitor]) -> Iterator[Callable[..., Visitor]]:
    """Opens browsers that may note that an answer to a script was 401, as browsers do."""
    visitors = []
    yield lambda site, **options: visitors.append(visit(site, **options)) or visitors[-1]
    for visitor in visitors:
        visitor.problems[:] = [each for each in visitor.problems if "401 (Unauthorized)" not in each]


@BOTH
def test_a_form_sent_after_the_session_ended_is_there_again(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    course = a_course(site)
    visitor = visit(site, java_script_enabled=scripts).sign_in(password=PASSWORD)
    page = visitor.go(f"/admin/course/edit/{course.course_id}")
    page.get_by_label("Description").fill(SENTENCE)
    end_sessions(site)

    save(page)
    expect(page.get_by_text("Your form is kept: sign in and it is there again.")).to_be_visible()
    sign_in_again(page)
    expect(page.get_by_text("This was not saved yet.")).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value(SENTENCE)
    assert description_of(site, course) == course.description
    save(page)

    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert description_of(site, course) == SENTENCE
    assert drafts(site) == []


@BOTH
def test_a_closed_tab_is_found_on_the_home_page_and_restored(
    site: Site, visit: Callable[..., Visitor], scripts: bool
):
    course = a_course(site)
    visitor = visit(site).sign_in(password=PASSWORD)
    page = visitor.go(f"/admin/course/edit/{course.course_id}")
    page.get_by_label("Description").fill(SENTENCE)
    expect(page.get_by_role("status").filter(has_text=KEPT)).to_be_visible()
    page.close()

    page = visitor.page = visitor.context.new_page()
    if not scripts:
        state = visitor.context.storage_state()
        visitor = visit(site, java_script_enabled=False, storage_state=state)
        page = visitor.page
    page = visitor.go("/admin/")
    expect(page.locator(".attention")).to_contain_text("You have an unsaved draft")
    page.locator(".attention").get_by_role("link", name=str(course)).click()
    expect(page.get_by_text("You have unsaved changes from")).to_contain_text("(1 field)")
    expect(page.get_by_label("Description")).to_have_value(course.description)
    page.get_by_role("link", name="Restore").click()
    expect(page.get_by_label("Description")).to_have_value(SENTENCE)
    save(page)

    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert description_of(site, course) == SENTENCE
    assert drafts(site) == []


def test_what_was_typed_last_is_kept_when_the_tab_closes_at_once(site: Site, visit: Callable[..., Visitor]):
    course = a_course(site)
    visitor = visit(site).sign_in()
    page = visitor.go(f"/admin/course/edit/{course.course_id}")
    page.get_by_label("Description").fill("The last words")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.reload()  # what was sent on leaving may arrive after the next page is made

    expect(page.locator(".attention").get_by_role("link", name=str(course))).to_be_visible()
    assert [draft["description"] for draft in drafts(site)] == ["The last words"]


def test_discarding_a_draft_leaves_the_form_as_it_is_stored(site: Site, page: Page):
    course = a_course(site)
    address = f"{site.address}/admin/course/edit/{course.course_id}"
    page.goto(address)
    page.get_by_label("Description").fill(SENTENCE)
    expect(page.get_by_role("status").filter(has_text=KEPT)).to_be_visible()
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto(address)
    page.get_by_role("link", name="Restore").click()
    expect(page.get_by_label("Description")).to_have_value(SENTENCE)

    page.get_by_role("button", name="Discard", exact=True).click()

    expect(page.locator(".toasts")).to_contain_text("discarded")
    expect(page.get_by_label("Description")).to_have_value(course.description)
    expect(page.locator(".draft")).to_have_count(0)
    assert drafts(site) == []


def test_typed_and_undone_is_as_if_nothing_had_been_typed(site: Site, page: Page):
    course = a_course(site)
    page.goto(f"{site.address}/admin/course/edit/{course.course_id}")
    status = page.locator(".save-bar .unsaved")
    page.get_by_label("Description").fill(SENTENCE)
    expect(status).to_have_text(KEPT)

    page.get_by_label("Description").fill(course.description)

    expect(status).to_have_text("")
    page.on("dialog", lambda dialog: pytest.fail("nothing was to be asked"))
    page.get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    expect(page.get_by_text("unsaved draft")).to_have_count(0)
    assert drafts(site) == []


@pytest.mark.parametrize("way_out", ["link", "back", "reload"])
def test_leaving_asks_and_staying_keeps_what_was_typed(site: Site, page: Page, way_out: str):
    course, asked = a_course(site), []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.goto(f"{site.address}/admin/")
    page.goto(f"{site.address}/admin/course/edit/{course.course_id}")
    page.get_by_label("Description").fill(SENTENCE)
    page.once("dialog", stay)

    if way_out == "link":
        page.get_by_role("link", name="Home").click()
    else:
        page.evaluate({"back": "history.back()", "reload": "setTimeout(() => location.reload())"}[way_out])
    page.wait_for_timeout(200)

    assert asked == ["beforeunload"]
    expect(page.get_by_label("Description")).to_have_value(SENTENCE)


def test_cancel_asks_once_and_then_leaves_nothing_behind(site: Site, page: Page):
    course = a_course(site)
    page.on("dialog", lambda dialog: pytest.fail("the page itself asks"))
    page.goto(f"{site.address}/admin/course/edit/{course.course_id}")
    page.get_by_label("Description").fill(SENTENCE)
    expect(page.get_by_role("status").filter(has_text=KEPT)).to_be_visible()

    page.get_by_role("link", name="Cancel").click()
    question = page.get_by_role("dialog", name="Discard your changes?")
    expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
    question.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_label("Description")).to_have_value(SENTENCE)
    page.get_by_role("link", name="Cancel").click()
    question.get_by_role("button", name="Discard changes").click()

    page.wait_for_url(lambda url: "/details/" in url)
    assert drafts(site) == []
    assert description_of(site, course) == course.description


def test_who_is_signed_out_reads_so_while_typing_and_goes_on_after_signing_in_elsewhere(
    site: Site, visit: Callable[..., Visitor]
):
    course = a_course(site)
    visitor = visit(site).sign_in(password=PASSWORD)
    page = visitor.go(f"/admin/course/edit/{course.course_id}")
    end_sessions(site)
    page.get_by_label("Description").fill(SENTENCE)
    status = page.locator(".save-bar .unsaved")
    expect(status).to_contain_text("you are not signed in any more")

    with visitor.context.expect_page() as opened:
        status.get_by_role("link", name="Sign in in another tab").click()
    sign_in_again(opened.value)
    expect(opened.value.get_by_role("heading", name="Home")).to_be_visible()
    opened.value.close()
    page.bring_to_front()
    page.get_by_label("Name").press("End")
    page.get_by_label("Name").type("!")

    expect(status).to_have_text(KEPT)
    save(page)
    expect(page.locator(".toasts")).to_contain_text("was saved")
    assert description_of(site, course) == SENTENCE
    assert drafts(site) == []


def test_a_secret_that_is_typed_is_kept_nowhere(site: Site, visit: Callable[..., Visitor]):
    visitor = visit(site).sign_in(password=PASSWORD)
    page = visitor.go("/admin/user/create")
    page.get_by_label("User name").fill("grace")
    page.get_by_label("Email address").fill("grace@example.org")
    page.evaluate(  # people are given passwords by links, so that this form has no secret of its own
        """(text) => {
          const input = document.createElement("input");
          Object.assign(input, { type: "password", name: "password_hash", value: text });
          document.querySelector("#record-form").append(input);
          input.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        CANARY,
    )
    sent = []
    page.on(
        "request", lambda request: sent.append(request.post_data or "") if "/drafts" in request.url else None
    )
    page.get_by_label("User name").fill("grace_h")
    expect(page.locator(".save-bar .unsaved")).to_have_text(KEPT)
    end_sessions(site)
    save(page)
    expect(page.get_by_text("Your form is kept")).to_be_visible()
    held = page.content()
    sign_in_again(page)

    expect(page.get_by_label("User name")).to_have_value("grace_h")
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    assert sent
    assert all("grace" in text for text in sent)
    for text in (*sent, held, page.content(), stored, str(drafts(site))):
        assert CANARY not in text
