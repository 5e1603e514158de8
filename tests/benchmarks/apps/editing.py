"""This project's admin over records with much around them."""

import os
from typing import ClassVar

from admin_site import AdminView, Settings, create_app
from tests.benchmarks.editing_models import Base, Club, Invoice


class InvoiceView(AdminView, model=Invoice):
    inlines: ClassVar = ["lines"]


class ClubView(AdminView, model=Club):
    form_columns: ClassVar = ["subject", "members"]


settings = Settings(
    _env_file=None,
    database_url=os.environ["DATABASE_URL"],
    secret_key="a secret of the benchmark, long enough",
    public_url=os.environ["PUBLIC_URL"],
)
app = create_app(settings, models=[Base], views=[InvoiceView, ClubView])
