"""Flask-Admin as its documentation sets it up; nobody has to sign in."""

import os

from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.sqla import ModelView
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.benchmarks.models import COLUMNS, PAGE, SEARCHED, Person


class PersonView(ModelView):
    column_list = list(COLUMNS)
    column_searchable_list = list(SEARCHED)
    column_default_sort = ("created_at", True)
    page_size = PAGE


sessions = scoped_session(sessionmaker(create_engine(os.environ["DATABASE_URL"])))
app = Flask(__name__)
app.config["SECRET_KEY"] = "a secret of the benchmark"
app.teardown_appcontext(lambda _: sessions.remove())
Admin(app, name="Benchmark").add_view(PersonView(Person, sessions))
