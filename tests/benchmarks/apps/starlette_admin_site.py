"""starlette-admin as its documentation sets it up; nobody has to sign in."""

import os

from sqlalchemy import create_engine
from starlette.applications import Starlette
from starlette_admin.contrib.sqla import Admin, ModelView

from tests.benchmarks.models import COLUMNS, PAGE, SEARCHED, Company, Person


class PersonView(ModelView):
    fields = ["id", *COLUMNS]
    searchable_fields = list(SEARCHED)
    fields_default_sort = [("created_at", True)]
    page_size = PAGE


app = Starlette()
admin = Admin(create_engine(os.environ["DATABASE_URL"]), title="Benchmark")
admin.add_view(PersonView(Person))
admin.add_view(ModelView(Company))
admin.mount_to(app)
