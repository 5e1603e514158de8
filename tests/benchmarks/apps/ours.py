"""This project's admin over the people, as an application of its own would have it."""

import os

from admin_site import AdminView, Settings, create_app
from tests.benchmarks.models import COLUMNS, PAGE, SEARCHED, Base, Person


class PersonView(AdminView, model=Person):
    column_list = list(COLUMNS)
    column_searchable_list = list(SEARCHED)
    column_default_sort = ("created_at", True)
    page_size = PAGE


settings = Settings(
    _env_file=None,
    database_url=os.environ["DATABASE_URL"],
    secret_key="a secret of the benchmark, long enough",
    public_url=os.environ["PUBLIC_URL"],
)
app = create_app(settings, models=[Base], views=[PersonView])
