"""What a visit costs."""

from collections.abc import Callable

from playwright.sync_api import Request

from tests.browser.sites import Site, Visitor


def loaded(visitor: Visitor, path: str) -> dict[str, int]:
    """Open `path` and return the bytes of each answer's body as sent, a negative number for one kept here."""
    finished: list[Request] = []

    def note(request: Request) -> None:
        finished.append(request)

    visitor.context.on("requestfinished", note)
    visitor.go(path)
    visitor.page.wait_for_load_state("networkidle")
    visitor.context.remove_listener("requestfinished", note)
    return {
        request.url.removeprefix(visitor.site.address): request.sizes()["responseBodySize"]
        for request in finished
    }


def test_the_first_list_page_weighs_less_than_150_kb_with_all_it_needs(
    site: Site, visit: Callable[..., Visitor]
):
    sizes = loaded(visit(site).sign_in(), "/admin/user/list")

    assert len(sizes) > 5
    assert sum(sizes.values()) < 150_000, sizes


def test_the_next_page_asks_the_server_for_itself_alone(site: Site, visit: Callable[..., Visitor]):
    visitor = visit(site).sign_in()
    loaded(visitor, "/admin/user/list")
    sizes = loaded(visitor, "/admin/course/list")

    assert [path for path, size in sizes.items() if size >= 0] == ["/admin/course/list"]
