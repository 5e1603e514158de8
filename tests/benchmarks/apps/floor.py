"""The floor: a page written by hand for this one list, one query for the session and one for the rows."""

import csv
import io
import os
from collections.abc import Iterator

from jinja2 import Environment
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, StreamingResponse
from starlette.routing import Route

from tests.benchmarks.models import PAGE

_SESSION = text("SELECT user_id FROM floor_sessions WHERE token = :token")
_ROWS = """
SELECT p.id, p.name, p.email, c.name AS company, p.city, p.age, p.is_active, p.balance, p.created_at
FROM people p JOIN companies c ON c.id = p.company_id
"""
_LIST = text(_ROWS + "ORDER BY p.created_at DESC, p.id DESC LIMIT :size")
_TEMPLATE = """<!doctype html>
<html><head><meta charset="utf-8"><title>People</title></head>
<body><h1>People</h1><table>
<tr><th>Name<th>Email<th>Company<th>City<th>Age<th>Active<th>Balance<th>Created</tr>
{% for row in rows %}<tr><td><a href="/people/{{ row.id }}">{{ row.name }}</a><td>{{ row.email }}
<td>{{ row.company }}<td>{{ row.city }}<td>{{ row.age }}<td>{{ row.is_active }}
<td>{{ row.balance }}<td>{{ row.created_at }}</tr>
{% endfor %}</table></body></html>"""

engine = create_engine(os.environ["DATABASE_URL"])
template = Environment(autoescape=True).from_string(_TEMPLATE)


def sign_in(_: Request) -> RedirectResponse:
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS floor_sessions (token text PRIMARY KEY, user_id int)")
        )
        connection.execute(text("INSERT INTO floor_sessions VALUES ('token', 1) ON CONFLICT DO NOTHING"))
    response = RedirectResponse("/people", 303)
    response.set_cookie("session", "token")
    return response


def people(request: Request) -> HTMLResponse | RedirectResponse:
    with engine.connect() as connection:
        if connection.scalar(_SESSION, {"token": request.cookies.get("session", "")}) is None:
            return RedirectResponse("/login", 303)
        rows = connection.execute(_LIST, {"size": PAGE}).all()
    return HTMLResponse(template.render(rows=rows))


def export(_: Request) -> StreamingResponse:
    def chunks() -> Iterator[str]:
        with engine.connect().execution_options(stream_results=True) as connection:
            buffer = io.StringIO()
            writer = csv.writer(buffer)
            rows = connection.exec_driver_sql(_ROWS + "ORDER BY p.created_at DESC, p.id DESC")
            for part in rows.partitions(1000):
                writer.writerows(part)
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()

    return StreamingResponse(chunks(), media_type="text/csv")


app = Starlette(
    routes=[
        Route("/login", sign_in),
        Route("/people", people),
        Route("/people.csv", export),
    ]
)
