"""What a form offers for values that are more than a line of text, and what a view says of its form."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.testclient import TestClient

from admin_site import AdminView
from admin_site.admin.durations import from_words, in_words
from admin_site.admin.file_types import file_type, size_in_words
from admin_site.admin.generate import view_classes
from admin_site.database import Database
from admin_site.errors import ConfigurationError
from admin_site.models import AuditEntry
from admin_site.services.slugs import slug_of
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "widget_shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Article(Base):
    __tablename__ = "widget_articles"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    slug: Mapped[str] = mapped_column(String(20), unique=True)
    subtitle: Mapped[str | None]
    length: Mapped[timedelta | None]
    body: Mapped[str | None] = mapped_column(Text)
    price: Mapped[int | None]
    is_public: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    salary: Mapped[int | None]
    api_token: Mapped[str | None]
    published_on: Mapped[date | None]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey(Shelf.id))

    shelf: Mapped[Shelf | None] = relationship()


class ArticleView(AdminView, model=Article):
    form_prepopulated = {"slug": ["title"]}


@pytest.fixture
def site(database: Database):
    """Makes a site of these models, with what a view of articles says."""
    Base.metadata.create_all(database.engine)

    def make(**attributes: Any) -> TestClient:
        view = type(ArticleView)("ArticleView", (ArticleView,), attributes, model=Article)
        return a_site(database, models=[Shelf], views=[view])

    return make


@pytest.fixture
def client(site) -> TestClient:
    return site()


def an_article(database: Database, **values: Any) -> str:
    """Store an article and return its key."""
    with database.session() as session:
        article = Article(**{"title": "First", "slug": "first"} | values)
        session.add(article)
        session.flush()
        return str(article.id)


def articles(database: Database) -> list[Article]:
    with database.session() as session:
        return list(session.scalars(select(Article).order_by(Article.id)))


def typed(client: TestClient, url: str, **values: str) -> dict[str, list[str]]:
    return record_form(client.get(url).text).data(**values)


CREATE = "/admin/article/create"


def edit(key: str) -> str:
    return f"/admin/article/edit/{key}"


# ---- Lengths of time -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(), "0 seconds"),
        (timedelta(days=2, hours=3), "2 days 3 hours"),
        (timedelta(days=-3, hours=4, microseconds=7), "minus 2 days 19 hours 59 minutes 59.999993 seconds"),
        (timedelta(days=1, minutes=1, seconds=1), "1 day 1 minute 1 second"),
        (timedelta.max, "999999999 days 23 hours 59 minutes 59.999999 seconds"),
    ],
)
def test_a_length_of_time_is_told_in_words_that_mean_it_exactly(length: timedelta, words: str):
    assert in_words(length) == words
    assert from_words(words) == length


@pytest.mark.parametrize("text", ["1 month", "P1Y", "P1M", "2 years 3 days", "0.0000001 s", "P999999999999W"])
def test_a_length_that_is_not_exact_is_refused_in_words(text: str):
    with pytest.raises(ValueError, match=r"Enter|differ"):
        from_words(text)


def test_a_length_of_time_is_typed_in_many_ways_and_shown_in_words(client, database):
    key = an_article(database)
    for text in ("2 days 3 hours", "P2DT3H", "2d 4h", "51 hours", "2 days, 04:00:00", "2 days and 180 min"):
        client.post(edit(key), data=typed(client, edit(key), length=text))

        hours = 4 if "4" in text else 3
        assert articles(database)[0].length == timedelta(days=2, hours=hours)
        shown = dict(record_form(client.get(edit(key)).text).pairs)["length"]
        assert shown == f"2 days {hours} hours"


# ---- Documents -----------------------------------------------------------------------------------


def test_a_long_document_is_laid_out_in_lines_and_stays_as_it_is(client, database):
    document = {"colours": ["red", "green", "blue"], "sizes": {"small": 1.50, "large": 12345678901234567890}}
    key = an_article(database, settings=document)

    page = client.get(edit(key)).text
    answer = client.post(edit(key), data=record_form(page).data())

    assert dict(record_form(page).pairs)["settings"].count("\n") > 5
    assert "Nothing was changed" in client.get(answer.headers["location"]).text
    assert articles(database)[0].settings == document


def test_what_is_no_json_is_refused_with_its_line_and_column_and_stays_typed(client, database):
    wrong = '{"a": 1,\n "b": }'

    answer = client.post(CREATE, data=typed(client, CREATE, title="T", slug="t", settings=wrong))

    assert answer.status_code == 400
    assert "line 2, column 7" in answer.text
    assert dict(record_form(answer.text).pairs)["settings"] == wrong


# ---- Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"%PDF-1.7", "pdf"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"plain words\r\n", "txt"),
        ("ü".encode() * 256 + b"x", "txt"),
        (b"<script>alert(1)</script>", "txt"),
        (b"\x00\x01", "bin"),
        (b"", "bin"),
    ],
)
def test_a_file_is_known_by_what_it_begins_with(content: bytes, ending: str):
    assert file_type(content).ending == ending


def test_sizes_are_told_as_people_say_them():
    sizes = [0, 1, 999, 1_000, 999_400, 999_500, 12_345_678, 10**12]

    assert [size_in_words(size) for size in sizes] == [
        "0 bytes", "1 byte", "999 bytes", "1.0 kB", "999 kB", "1.0 MB", "12.3 MB", "1000 GB",
    ]  # fmt: skip


def test_a_file_is_downloaded_by_its_link_and_never_shown_by_a_browser(client, database):
    key = an_article(database, picture=PNG)
    page = client.get(edit(key)).text
    link = re.search(r'<a href="([^"]+)"[^>]*>(?:(?!</a>).)*Download', page)[1]

    answer = client.get(link)

    assert "PNG picture, 108 bytes" in page
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''article-{key}-picture.png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert any("sandbox" in policy for policy in answer.headers.get_list("content-security-policy"))


@pytest.mark.parametrize("name", ["api_token", "title", "nonsense", "settings"])
def test_only_binary_fields_are_files(client, database, name: str):
    key = an_article(database, picture=PNG, api_token="canary")

    assert client.get(f"/admin/article/file/{name}/{key}").status_code == 404


def test_a_file_is_only_for_those_who_may_see_the_record(client, database):
    key = an_article(database, picture=PNG)
    other = open_site(database.engine.url.render_as_string(hide_password=False), views=[ArticleView])
    sign_in(other, database, ("article", "list"))

    assert other.get(f"/admin/article/file/picture/{key}").status_code == 403


def test_files_out_of_scope_are_not_found(site, database):
    client = site(list_query=lambda self, request: select(Article).where(Article.is_public))
    key = an_article(database, picture=PNG)

    assert client.get(f"/admin/article/file/picture/{key}").status_code == 404


# ---- Sections ------------------------------------------------------------------------------------


def sections(page: str) -> list[tuple[str, list[str], bool]]:
    """Return title, names and whether it is folded, of each section."""
    found = re.findall(r"<(section|details) class=\"panel form-panel[^>]*>(.*?)</\1>", page, re.DOTALL)
    return [
        (
            (re.search(r'panel-title">([^<]+)', inner) or ["", ""])[1],
            re.findall(r'id="field-(\w+)-field"', inner),
            tag == "details",
        )
        for tag, inner in found
    ]


def test_a_view_says_which_fields_stand_together(site):
    client = site(
        form_fieldsets=[
            ("What", ["title", "slug"]),
            ("Money", ["price"], {"collapsed": True, "help": "Only for the shop."}),
            ("As in Django", {"fields": [("body", "subtitle")], "classes": ["collapse"]}),
        ]
    )

    page = client.get(CREATE).text

    assert sections(page)[:3] == [
        ("What", ["title", "slug"], False),
        ("Money", ["price"], True),
        ("As in Django", ["body", "subtitle"], True),
    ]
    assert sections(page)[3][0] == "More"
    assert "Only for the shop." in page


def test_a_folded_section_is_open_where_something_in_it_is_wrong(site):
    client = site(form_fieldsets=[("Money", ["price"], {"collapsed": True})])

    answer = client.post(CREATE, data=typed(client, CREATE, title="T", slug="t", price="much"))

    assert sections(answer.text)[0] == ("Money", ["price"], False)


def test_a_long_form_begins_with_what_is_needed_and_common(client):
    first, more = sections(client.get(CREATE).text)[:2]

    assert first[1][:2] == ["title", "slug"]
    assert more[0] == "More"
    assert more[2]


def test_rules_of_sqladmin_leave_fields_in_their_order(site):
    client = site(form_rules=["slug", "title"])

    names = [name for _, names, _ in sections(client.get(CREATE).text) for name in names]

    assert names == ["slug", "title"]
    assert (
        client.post(CREATE, data=typed(client, CREATE, title="T", slug="t") | {"price": "1"}).status_code
        == 400
    )


# ---- What a view says of its fields ---------------------------------------------------------------


def test_labels_hints_defaults_and_attributes_of_sqladmin_are_kept(site):
    client = site(
        form_args={
            "title": {"label": "Headline", "description": "Short.", "default": "Untitled"},
            "subtitle": {"render_kw": {"placeholder": "Below it"}},
        },
        form_widget_args={"body": {"rows": 9}, "price": {"readonly": True}},
    )

    page = client.get(CREATE).text

    assert "Headline" in page
    assert "Short." in page
    assert dict(record_form(page).pairs)["title"] == "Untitled"
    assert 'placeholder="Below it"' in page
    assert 'rows="9"' in page
    assert "field-price" not in page


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"form_args": {"title": {"validators": [print]}}}, "on_model_change"),
        ({"form_args": {"nonsense": {}}}, "no field 'nonsense'"),
        ({"form_widget_args": {"title": {"onclick": "x"}}}, "has no effect"),
        ({"form_overrides": {"title": object}}, "WTForms"),
        ({"form_fieldsets": [("A", ["title"]), ("B", ["title"])]}, "two sections"),
        ({"form_fieldsets": ["title"]}, "write"),
        ({"form_fieldsets": [("A", ["title"], {"folded": True})]}, "no option 'folded'"),
        ({"form_prepopulated": {"price": ["title"]}}, "no text"),
        ({"form_rules": ["title", "slug", "nonsense"]}, "no field 'nonsense'"),
        ({"form_readonly": ["nonsense"]}, "no field 'nonsense'"),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_words(attributes, words: str):
    view = type(ArticleView)("ArticleView", (ArticleView,), attributes, model=Article)

    with pytest.raises(ConfigurationError, match=words):
        view_classes([Article], [view])[0]()


# ---- Read-only and hidden fields ------------------------------------------------------------------


def test_read_only_fields_are_shown_and_never_written(site, database):
    client = site(form_readonly={"price": "Accounting sets it."})
    key = an_article(database, price=5)
    page = client.get(edit(key)).text

    forged = client.post(edit(key), data=record_form(page).data() | {"price": ["9"]})

    assert "Accounting sets it." in page
    assert 'name="price"' not in page
    assert forged.status_code == 403
    assert articles(database)[0].price == 5


def test_a_view_decides_by_person_and_record_what_is_read_only(site, database):
    def read_only_for(self, identity, record):
        return {"title": "It is public."} if record is not None and record.is_public else {}

    client = site(read_only_for=read_only_for, list_editable=["title"])
    draft, public = an_article(database), an_article(database, slug="second", is_public=True)

    assert 'name="title"' in client.get(edit(draft)).text
    assert 'name="title"' not in client.get(edit(public)).text
    forged = typed(client, edit(public)) | {"title": ["Forged"]}
    assert client.post(edit(public), data=forged).status_code == 403
    rows = client.get("/admin/article/edit-rows").text
    assert len(re.findall(r'name="\d+/title"', rows)) == 1


def test_hidden_fields_are_nowhere_for_those_they_are_hidden_from(site, database):
    client = site(
        hidden_for=lambda self, identity: {"salary"},
        list_editable=["salary"],
        column_list=["title", "salary"],
    )
    key = an_article(database, salary=4711)

    for path in (
        edit(key),
        f"/admin/article/details/{key}",
        "/admin/article/list",
        "/admin/article/edit-rows",
    ):
        assert "4711" not in client.get(path).text, path
    for export in ("csv", "json"):
        assert "4711" not in client.get(f"/admin/article/export/{export}?:columns=all").text
    assert client.get("/admin/article/list?salary=4711").status_code == 400
    assert client.get("/admin/article/list?sort=salary").status_code == 400
    assert client.post(edit(key), data=typed(client, edit(key)) | {"salary": ["1"]}).status_code == 403
    assert articles(database)[0].salary == 4711


# ---- A form that an address begins -----------------------------------------------------------------


def test_an_address_fills_fields_in_and_the_page_marks_them(client):
    page = client.get(CREATE + "?title=From+the+link&is_public=yes&length=P1D").text

    found = dict(record_form(page).pairs)
    assert (found["title"], found["is_public"], found["length"]) == ("From the link", "true", "P1D")
    assert page.count("Filled in by the link") == 3


def test_what_an_address_fills_in_wrongly_is_shown_with_its_error(client):
    page = client.get(CREATE + "?price=much").text

    assert dict(record_form(page).pairs)["price"] == "much"
    assert "Enter a whole number." in page


def test_an_address_fills_in_no_secrets_and_nothing_that_the_form_lacks(site, database):
    client = site(form_readonly=["price"])

    page = client.get(CREATE + "?api_token=canary-of-the-link&price=77&nonsense=1").text

    assert (
        "canary-of-the-link"
        not in page.replace("action=", "").split("<main", 1)[1].split('<form class="record-form"')[0]
    )
    assert 'value="canary-of-the-link"' not in page
    assert "Filled in by the link" not in page


# ---- Slugs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Crème brûlée!", "creme-brulee"),
        ("Straße & Øre", "strasse-ore"),
        ("  it's  --  fine ", "its-fine"),
        ("日本 語", "日本-語"),
        ("Привет мир", "привет-мир"),
        ("!!!", ""),
    ],
)
def test_a_slug_keeps_what_an_address_can_tell(text: str, slug: str):
    assert slug_of(text) == slug


def test_a_slug_that_is_too_long_is_cut_between_words():
    assert slug_of("one two three", 9) == "one-two"
    assert slug_of("one two three", 7) == "one-two"
    assert slug_of("incomprehensible", 5) == "incom"


def test_an_empty_slug_is_made_without_a_script_too(client, database):
    client.post(CREATE, data=typed(client, CREATE, title="Crème brûlée für alle Tage"))

    assert articles(database)[0].slug == "creme-brulee-fur"


# ---- Save as new ---------------------------------------------------------------------------------


def test_a_form_can_be_saved_as_a_new_record(client, database):
    key = an_article(database, picture=PNG, api_token="canary", price=3)
    page = client.get(edit(key)).text
    url = re.search(r'formaction="([^"]+)"', page)[1].replace("&amp;", "&")

    refused = client.post(url, data=record_form(page).data(title="Second", save="Save as new"))
    again = record_form(refused.text)
    answer = client.post(again.action, data=again.data(slug="second"))

    assert (refused.status_code, len(articles(database))) == (400, 2)
    first, second = articles(database)
    assert (first.title, second.title, second.slug, second.price) == ("First", "Second", "second", 3)
    assert second.picture == PNG
    assert second.api_token is None
    assert "Not copied: API token." in client.get(answer.headers["location"]).text
    with database.session() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.key == str(second.id))).all() == [
            "create"
        ]


def test_a_view_can_do_without_save_as_new(site, database):
    client = site(save_as=False)

    assert "Save as new" not in client.get(edit(an_article(database))).text


def test_nobody_copies_the_files_of_a_record_they_may_not_see(site, database):
    client = site(list_query=lambda self, request: select(Article).where(Article.is_public))
    key = an_article(database, picture=PNG)

    answer = client.post(f"{CREATE}?:copy={key}", data=typed(client, CREATE, title="T", slug="t"))

    assert answer.status_code == 404
    assert len(articles(database)) == 1
