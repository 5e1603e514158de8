"""SQLAdmin as its documentation sets it up; nobody has to sign in."""

import os

from sqladmin import Admin, ModelView
from sqlalchemy import create_engine
from starlette.applications import Starlette

from tests.benchmarks.models import COLUMNS, PAGE, SEARCHED, Person


class PersonView(ModelView, model=Person):
    column_list = list(COLUMNS)
    column_searchable_list = list(SEARCHED)
    column_sortable_list = ["name", "created_at"]
    column_default_sort = ("created_at", True)
    page_size = PAGE
    page_size_options = [PAGE]


app = Starlette()
Admin(app, create_engine(os.environ["DATABASE_URL"])).add_view(PersonView)
