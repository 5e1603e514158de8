"""Whatever is sent, the answer is a page in words, and nothing is changed."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.models import AuditEntry, Course
from tests.admin.html_forms import record_form
from tests.admin.sites import open_site

LISTS = [
    "page=abc",
    "page=0",
    "page=-1",
    "page=99999999999999999999",
    "sort=nonsense",
    "sort=password_hash",
    "sort=-password_hash",
    "sortBy=password_hash&sort=asc",
    "password_hash=x",
    "password_hash__contains=argon",
    "nonsense=1",
    "is_active=perhaps",
    "age__gte=old",
    "created_at__gte=2024-13-45",
    "size=0",
    "size=1000000",
    "pageSize=many",
    "after=%00",
    "after=nonsense",
    "before=eyJ9",
    "search=" + "x" * 10_000,
    "search=%00",
    "columns=password_hash",
    "user_type=nonsense",
]
KEYS = [
    "x",
    "%00",
    "~",
    "~~",
    "..%2f..",
    "1;2",
    "a" * 5000,
    "%F0%9F%98%80",
    "-1",
    "99999999999999999999999",
    "'",
    "%",
    "0x1",
]
MODELS = ["user", "course", "role", "enrollment", "audit-entry", "user-session"]


@pytest.mark.parametrize("query", LISTS)
def test_a_list_that_makes_no_sense_says_so_and_shows_the_whole_list(client: TestClient, query: str):
    page = client.get(f"/admin/user/list?{query}")

    assert page.status_code == 400
    assert "This is the whole list instead." in page.text
    assert 'href="details/' in page.text
    assert "SELECT" not in page.text


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("page", ["details/{}", "edit/{}", "delete?pks={}", "action/reset-password?pks={}"])
def test_a_malformed_key_is_a_page_in_words(client: TestClient, page: str, key: str):
    for model in MODELS:
        answer = client.get(f"/admin/{model}/{page.format(key)}")
        assert answer.status_code in (403, 404), f"{model} {answer.status_code}"
        assert "<h1" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "list",
        "create",
        "details/1",
        "edit/1",
        "delete?pks=1",
        "ajax/lookup?name=user&term=a",
        "action/explode?pks=1",
    ],
)
def test_an_unknown_model_is_a_page_in_words(client: TestClient, path: str):
    answer = client.get(f"/admin/nonsense/{path}")

    assert answer.status_code == 404
    assert "There is no model “nonsense” here." in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/admin/nonsense",
        "/nonsense",
        "/admin/user",
        "/admin/user/export/csv/x",
        "/admin/user/user_image/download/",
        "/admin/course/1/name/preview/",
        "/admin/statics/../../../etc/passwd",
        "/admin/statics/%2e%2e/%2e%2e/config.py",
    ],
)
def test_a_path_nobody_made_is_a_page_in_words(client: TestClient, path: str):
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1" in answer.text


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/user/list", "/admin/user/create", "/admin/login", "/admin/logout"]
)
def test_a_wrong_method_is_405(client: TestClient, path: str, method: str):
    assert client.request(method, path).status_code == 405


def test_a_get_never_signs_out(client: TestClient):
    assert client.get("/admin/logout").status_code == 405
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("name=user_type", 200),
        ("name=nonsense&term=a", 400),
        ("name=password_hash&term=a", 400),
        ("name=user_name&term=a", 400),
        ("name=roles&term=" + "x" * 10_000, 200),
        ("name=roles&term=%00", 200),
    ],
)
def test_a_lookup_answers_in_words(client: TestClient, query: str, status: int):
    answer = client.get(f"/admin/user/ajax/lookup?{query}", headers={"accept": "application/json"})

    assert answer.status_code == status
    assert answer.json()


def test_a_body_that_is_no_form_is_refused(client: TestClient, session: Session):
    url = "/admin/course/create"
    bodies = [
        ("application/json", b'{"name": "x"}'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/x-www-form-urlencoded", b"%ff%fe=%00&" * 10),
        ("text/plain", b"name=x&start_date=2030-01-01"),
    ]
    for kind, body in bodies:
        answer = client.post(url, content=body, headers={"content-type": kind})
        assert answer.status_code == 400, kind
        assert "<h1" in answer.text

    assert session.scalar(select(func.count()).select_from(Course)) == 0
    assert (
        session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.model == "courses")) == 0
    )


def test_six_thousand_fields_are_refused(client: TestClient):
    answer = client.post("/admin/course/create", data={f"name{number}": "x" for number in range(6000)})

    assert answer.status_code == 400


def test_a_body_beyond_the_limit_is_413(client: TestClient):
    body = b"name=" + b"x" * (1024 * 1024)

    answer = client.post(
        "/admin/course/create", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 413


def test_who_is_not_signed_in_sends_no_more_than_a_sign_in_takes(database_url: str):
    visitor = open_site(database_url)

    assert visitor.post("/admin/login", data={"username": "x" * 70_000}).status_code == 413
    assert visitor.post("/admin/user/create", data={"name": "x" * 70_000}).status_code == 303


def test_a_body_is_counted_whatever_length_it_announced(client: TestClient):
    chunks = (b"name=" + b"x" * 100_000 for _ in range(20))

    answer = client.post(
        "/admin/course/create", content=chunks, headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 413


def test_a_deep_state_is_refused_in_words(client: TestClient, session: Session):
    course = client.post("/admin/course/create", data={"name": "x", "start_date": "2030-01-01"})

    answer = client.post(
        course.headers["location"].replace("details", "edit"), data={":state": "[" * 5_000, "name": "y"}
    )

    assert answer.status_code == 400
    assert session.scalars(select(Course.name)).one() == "x"


def test_an_address_chooses_related_records_and_nothing_else(client: TestClient):
    page = client.get("/admin/user/create?is_superuser=true&user_name=evil&age=7")

    form = dict(record_form(page.text).pairs)
    assert (form["is_superuser"], form["user_name"], form["age"]) == ("false", "", "")
