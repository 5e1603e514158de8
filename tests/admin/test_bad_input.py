"""Whatever is sent, the answer is a page in words, and nothing is changed."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from admin_site.admin.views import AdminView
from admin_site.database import Database
from admin_site.models import AuditEntry, Course, Enrollment, Item, User
from tests.admin.html_forms import record_form
from tests.admin.sites import a_site, open_site, sign_in
from tests.factories import make_user

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
    assert visitor.post("/admin/user/create", data={"name": "x" * 70_000}).status_code == 401


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


def test_an_address_fills_in_no_secret_and_nothing_that_the_form_does_not_have(client: TestClient):
    page = client.get("/admin/user/create?password_hash=evil&nonsense=evil&created_at=evil&:state=evil")

    assert page.status_code == 200
    assert "evil" not in [text for _, text in record_form(page.text).pairs]


@pytest.fixture
def url(database: Database) -> str:
    with database.session() as session:
        course = Course(name="Botany", description="Plants", start_date=date(2030, 1, 7))
        session.add(course)
    return f"/admin/course/edit/{course.course_id}"


def test_two_thousand_fields_that_nobody_asked_for_are_refused_and_what_was_typed_stays(client, session, url):
    data = record_form(client.get(url).text).data(name="Geology")

    answer = client.post(url, data=data | {f"field{number}": ["x"] for number in range(2_000)})

    assert answer.status_code == 400
    assert "This form has no field “field0”. Nothing was saved." in answer.text
    assert dict(record_form(answer.text).pairs)["name"] == "Geology"
    assert session.scalars(select(Course.name)).one() == "Botany"


@pytest.mark.parametrize("megabytes", [3, 20])
def test_a_text_of_many_megabytes_is_refused_in_words(client, session, url, megabytes: int):
    data = record_form(client.get(url).text).data(name="x" * (megabytes * 1024 * 1024))
    pairs = [(name, (None, value)) for name, values in data.items() for value in values]

    as_parts, as_text = client.post(url, files=pairs), client.post(url, data=data)

    assert as_parts.status_code == (400 if megabytes == 3 else 413)
    assert (
        "Enter at most 200 characters" if megabytes == 3 else "larger than the site accepts"
    ) in as_parts.text
    assert as_text.status_code == 413
    assert session.scalars(select(Course.name)).one() == "Botany"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "x" * 201}, "200"),
        ({"name": "nul\x00byte"}, "character"),
        ({"start_date": "99999-01-01"}, "date"),
        ({"start_date": "2030-02-30"}, "date"),
        ({"is_active": "perhaps"}, "has-error"),
    ],
)
def test_a_value_that_fits_nowhere_is_refused_beside_its_field_and_stays(
    client, session, url, typed: dict[str, str], words: str
):
    data = record_form(client.get(url).text).data(**{"description": "typed before"} | typed)

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert words in answer.text
    assert dict(record_form(answer.text).pairs)["description"] == "typed before"
    assert session.scalars(select(Course.description)).one() == "Plants"


def test_of_a_field_sent_twice_the_last_one_counts(client, session, url):
    data = record_form(client.get(url).text).data() | {"name": ["Zoology", "Geology"]}

    assert client.post(url, data=data).status_code == 303
    assert session.scalars(select(Course.name)).one() == "Geology"


@pytest.mark.parametrize("name", ["course_id", "created_at", "updated_at"])
def test_a_forged_read_only_field_is_refused_with_all_that_was_typed(client, session, url, name: str):
    data = record_form(client.get(url).text).data(name="Geology") | {name: ["2020-01-01"]}

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert f"This form has no field “{name}”." in answer.text
    assert dict(record_form(answer.text).pairs)["name"] == "Geology"
    assert session.scalars(select(Course.name)).one() == "Botany"


def test_a_forged_secret_is_refused_and_never_shown(client, database, session):
    with database.session() as other:
        user = make_user(other)
    url = f"/admin/user/edit/{user.user_id}"
    data = record_form(client.get(url).text).data(first_name="New") | {"password_hash": ["canary"]}

    answer = client.post(url, data=data)

    assert answer.status_code == 400
    assert "canary" not in answer.text
    stored = session.get_one(User, user.user_id)
    assert (stored.first_name, stored.password_hash) == (user.first_name, user.password_hash)


def test_a_field_that_is_fixed_for_the_person_is_refused(database, session):
    client = open_site(database.engine.url.render_as_string(hide_password=False))
    sign_in(client, database, ("user", "edit"), ("user", "details"))
    with database.session() as other:
        user = make_user(other)
    url = f"/admin/user/edit/{user.user_id}"
    data = record_form(client.get(url).text).data() | {"is_superuser": ["true"]}

    assert client.post(url, data=data).status_code == 403
    assert not session.get_one(User, user.user_id).is_superuser


@pytest.mark.parametrize(
    "target", ["hidden", "00000000-0000-0000-0000-000000000000", "x", "", "'", "a;b", "x" * 10_000]
)
def test_a_relation_to_what_is_missing_or_out_of_sight_is_refused(database, session, target: str):
    class SeenUsers(AdminView, model=User):
        def list_query(self, request: Any) -> Any:
            return select(User).where(User.is_active)

    client = a_site(database, views=[SeenUsers])
    with database.session() as other:
        hidden = make_user(other, is_active=False)
    data = record_form(client.get("/admin/item/create").text).data(title="Kite")
    data["owner"] = [str(hidden.user_id) if target == "hidden" else target]

    answer = client.post("/admin/item/create", data=data)

    assert answer.status_code == 400
    assert ("needs a value" if target == "" else "Choose a record that exists.") in answer.text
    assert dict(record_form(answer.text).pairs)["title"] == "Kite"
    assert session.scalars(select(Item)).all() == []


@pytest.mark.parametrize(
    "document",
    [
        "[" * 100_000,
        "[" * 5_000 + "]" * 5_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "1" * 100_000,
        '"\\ud800"',
        '"\\u0000"',
        "NaN",
        '{"a": 1',
    ],
)
def test_a_document_that_cannot_be_kept_is_refused_in_words(client, database, session, document: str):
    with database.session() as other:
        course = Course(name="Botany", start_date=date(2030, 1, 7))
        other.add(Enrollment(user=make_user(other), course=course))
    url = "/admin/enrollment/edit/1"

    answer = client.post(url, data=record_form(client.get(url).text).data(associative_data=document))

    assert answer.status_code in (303, 400)
    if answer.status_code == 303:  # some databases keep what others refuse
        assert json.dumps(session.get_one(Enrollment, 1).associative_data) == json.dumps(json.loads(document))
    else:
        assert "<h1" in answer.text
        assert session.get_one(Enrollment, 1).associative_data is None
        assert dict(record_form(answer.text).pairs)["associative_data"] == document


def test_halves_of_characters_are_refused_in_words_or_mended(client, session, url):
    data = record_form(client.get(url).text).data(name="NAME")
    body = "&".join(f"{name}={value}" for name, values in data.items() for value in values)
    body = body.replace("NAME", "%ED%A0%80")

    answer = client.post(
        url, content=body.encode(), headers={"content-type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code in (303, 400)
    assert session.scalars(select(Course.name)).one().encode()
