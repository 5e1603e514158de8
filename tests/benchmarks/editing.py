"""How much a form costs beside large tables, and how many statements a save takes."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event, text
from tqdm import tqdm

from admin_site.config import Settings
from admin_site.database import Database
from admin_site.ops.migrate import migrate
from tests.admin.html_forms import record_form
from tests.benchmarks.databases import postgresql
from tests.benchmarks.editing_models import Base
from tests.benchmarks.servers import PASSWORD, Served
from tests.factories import make_user

FORMS = {
    "a relation to {targets:,} rows": "/admin/letter/edit/1",
    "{children:,} children as rows": "/admin/invoice/edit/1",
    "{children:,} children as members": "/admin/club/edit/1",
}
SAVED = "/admin/note/edit/1"

_ROWS = (
    ("places (id, name)", "targets", "n, 'Place ' || md5(n::text)"),
    ("letters (id, subject, place_id)", "", "n, 'Greetings', 1"),
    ("invoices (id, subject)", "", "n, 'March'"),
    ("lines (id, words, number, invoice_id)", "children", "n, 'Line ' || n, n, 1"),
    ("clubs (id, subject)", "", "n, 'Rowing'"),
    ("members (id, name, club_id)", "children", "n, 'Member ' || n, 1"),
    ("notes (id, subject, words)", "", "n, 'Bread', 'Buy it'"),
)


@contextmanager
def filled(targets: int, children: int) -> Iterator[str]:
    """Yield the URL of a database where one record of each kind has so much around it."""
    with postgresql() as url:
        settings = Settings(_env_file=None, database_url=url)
        migrate(settings)
        with Database(url) as database, database.session() as session:
            make_user(session, user_name="ada", password=PASSWORD, is_superuser=True)
        engine = create_engine(settings.sqlalchemy_url)
        _fill(engine, {"targets": targets, "children": children, "": 1})
        engine.dispose()
        yield url


def _fill(engine: Engine, numbers: Mapping[str, int]) -> None:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for into, name, values in _ROWS:
            rows = f"SELECT {values} FROM generate_series(1, :number) AS n"
            connection.execute(text(f"INSERT INTO {into} {rows}"), {"number": numbers[name]})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def opened(sites: Sequence[Served], rounds: int) -> dict[tuple[int, str], tuple[float, int]]:
    """Return the median of the seconds and the bytes of each form of each site; they take turns."""
    taken: dict[tuple[int, str], list[float]] = {}
    sizes: dict[tuple[int, str], int] = {}
    for number in tqdm(range(rounds + 1), unit="round", leave=False):
        for path in FORMS.values():
            for place, site in enumerate(sites):
                answer = site.client.get(path)
                assert answer.status == 200, (path, answer.status, answer.body[:2000])
                sizes[place, path] = len(answer.body)
                if number:  # the first round warms up
                    taken.setdefault((place, path), []).append(answer.seconds)
    return {key: (statistics.median(seconds), sizes[key]) for key, seconds in taken.items()}


def statements_of_a_save(database_url: str) -> list[str]:
    """Return what a save of one changed field, with its history, asks the database."""
    from tests.admin.sites import open_site, sign_in

    client = open_site(database_url, models=[Base])
    found: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.split(maxsplit=1)[0] not in ("BEGIN", "COMMIT"):
            found.append(statement)

    with Database(database_url) as database:
        sign_in(client, database, superuser=True)
    form = record_form(client.get(SAVED).text)
    event.listen(client.app.state.site.database.engine, "before_cursor_execute", note)
    answer = client.post(SAVED, data=form.data(subject="Butter"))
    assert answer.status_code == 303, answer.text
    client.app.state.site.database.close()
    return found
