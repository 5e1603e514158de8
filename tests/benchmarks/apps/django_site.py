"""Django's admin as its documentation sets it up, with a superuser who signs in."""

import os

import django
from django.conf import settings
from sqlalchemy.engine import make_url

from tests.benchmarks.models import COLUMNS, PAGE, SEARCHED

url = make_url(os.environ["DATABASE_URL"])
settings.configure(
    DEBUG=False,
    SECRET_KEY="a secret of the benchmark",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    STATIC_URL="/static/",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.database,
            "USER": url.username or "",
            "PASSWORD": url.password or "",
            "HOST": url.query.get("host", url.host or ""),
            "PORT": url.query.get("port", url.port or ""),
            "CONN_MAX_AGE": 600,
        }
    },
)
django.setup()

from django.contrib import admin  # noqa: E402 - Django is set up before its models are imported
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import models  # noqa: E402
from django.urls import path  # noqa: E402


class Company(models.Model):
    name = models.CharField(max_length=100)

    class Meta:
        app_label = "admin"
        db_table = "companies"
        managed = False

    def __str__(self) -> str:
        return self.name


class Person(models.Model):
    name = models.CharField(max_length=100)
    email = models.CharField(max_length=200)
    company = models.ForeignKey(Company, on_delete=models.DO_NOTHING)
    city = models.CharField(max_length=100)
    age = models.IntegerField()
    is_active = models.BooleanField()
    balance = models.DecimalField(max_digits=12, decimal_places=2)
    created_at = models.DateTimeField()

    class Meta:
        app_label = "admin"
        db_table = "people"
        managed = False


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    list_display = COLUMNS
    search_fields = SEARCHED
    ordering = ("-created_at", "-id")
    list_per_page = PAGE
    list_select_related = ("company",)


urlpatterns = [path("admin/", admin.site.urls)]
call_command("migrate", verbosity=0, interactive=False)
if not User.objects.filter(username="ada").exists():
    User.objects.create_superuser("ada", "ada@example.org", "correct horse battery")
app = get_wsgi_application()
