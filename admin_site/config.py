"""The settings, read once from the environment and `.env`."""

import re
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from admin_site.errors import ConfigurationError

ROOT = Path(__file__).resolve().parent.parent
DATA = (ROOT if (ROOT / "alembic.ini").is_file() else Path()) / "var"
"""What the site keeps unless told otherwise: in the clone, else where it is started."""
RESERVED_SCHEMAS = frozenset({"main", "temp", "information_schema"})
SEARCH_PATH = "-csearch_path="  # libpq's option that says in which schemas names are looked up
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_DATED_KEY = re.compile(r"(.+)@(\d{4}-\d\d-\d\d)")


class Settings(BaseSettings):
    """Every setting of the site; the README's table is tested against this class."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    database_url: str = Field(
        default=f"sqlite:///{DATA / 'admin.sqlite3'}",
        description="Where the data lives: a SQLite or PostgreSQL URL (`postgres://` is accepted too).",
    )
    accounts_schema: str = Field(
        default="",
        pattern="^([a-z_][a-z0-9_]{0,50})?$",
        description="A schema of their own for the admin's tables, where yours have the same names "
        "(on SQLite: a file beside the database).",
    )
    pool_size: int = Field(default=5, ge=1, description="Database connections each process keeps open.")
    max_overflow: int = Field(default=10, ge=0, description="Connections a process may open beyond its pool.")
    pool_pre_ping: bool = Field(default=True, description="Test a pooled connection before using it.")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Signs cookies: at least 32 characters, the same in every process. Required by `serve`.",
    )
    secret_key_fallbacks: SecretStr | None = Field(
        default=None,
        description="Earlier keys, with commas between, whose signatures still hold: for good, or as "
        "`key@2026-11-28` to the end of that day (UTC). `rotate-secret-key` writes them.",
    )
    public_url: str | None = Field(
        default=None,
        description="The address people type; links are built from it alone. Required by `serve`.",
    )
    host: str = Field(default="127.0.0.1", description="The address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on.")
    web_concurrency: int = Field(default=1, ge=1, description="Server processes that `serve` starts.")
    trusted_proxies: str = Field(
        default="",
        description="The addresses or networks of the proxies in front, with commas between: "
        "what their `X-Forwarded-For` says of a client is believed.",
    )
    smtp_host: str = Field(
        default="", description="The server that takes the site's mail; without one no mail is sent."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="The port of that server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How mail is kept secret on its way: `starttls`, `tls` or `none`."
    )
    smtp_user: str = Field(default="", description="The name to sign in with at that server, if it asks.")
    smtp_password: SecretStr | None = Field(default=None, description="The password that goes with it.")
    mail_from: str = Field(default="", description="The sender of the site's mail; needed with `SMTP_HOST`.")
    security_events_days: int = Field(
        default=365, ge=1, description="Days for which sign-ins, refusals and other security events are kept."
    )
    list_time_limit: float = Field(
        default=3.0, gt=0, le=600, description="Seconds a list may keep the database busy before it gives up."
    )
    site_title: str = Field(default="Admin", min_length=1, description="The name in the page head.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            url = self.sqlalchemy_url
        except (ArgumentError, ValueError) as error:
            raise ValueError(
                "DATABASE_URL is not a database URL; it looks like sqlite:///file.sqlite3 or "
                "postgresql://user:password@host/database"
            ) from error
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError("DATABASE_URL must begin with sqlite: or postgresql:")
        if self.accounts_schema in RESERVED_SCHEMAS or self.accounts_schema.startswith("pg_"):
            raise ValueError("ACCOUNTS_SCHEMA is a name that databases keep for themselves; choose another")
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("SECRET_KEY must have at least 32 characters")
        if any(len(key) < 32 for key, _ in self.fallback_keys):
            raise ValueError("SECRET_KEY_FALLBACKS must hold keys of at least 32 characters")
        try:
            _ = self.proxies
        except ValueError as error:
            raise ValueError(
                "TRUSTED_PROXIES must be addresses or networks such as 127.0.0.1,10.0.0.0/8"
            ) from error
        if self.smtp_host and "@" not in self.mail_from:
            raise ValueError("MAIL_FROM must be an address such as admin@example.org, to go with SMTP_HOST")
        if self.smtp_user and self.smtp_security == "none" and self.smtp_host not in LOOPBACK_HOSTS:
            raise ValueError("SMTP_SECURITY=none would send SMTP_PASSWORD openly; use starttls or tls")
        if self.public_url is not None and not _is_web_address(self.public_url):
            raise ValueError("PUBLIC_URL must be an address such as https://admin.example.org")
        return self

    @cached_property
    def sqlalchemy_url(self) -> URL:
        return parse_database_url(self.database_url)

    @cached_property
    def accounts_url(self) -> URL:
        """The same database, seen so that the admin's own tables need no schema before their names."""
        url = self.sqlalchemy_url
        if not self.accounts_schema:
            return url
        if url.get_backend_name() == "sqlite":
            return url.set(database=accounts_file(url.database, self.accounts_schema))
        options = f"{url.query.get('options', '')} {SEARCH_PATH}{self.accounts_schema}"
        return url.update_query_dict({"options": options.strip()})

    @property
    def address(self) -> str:
        """The address people type, without a slash at the end; this machine's own by default."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def password_link(self, token: str) -> str:
        """Return the address with which one person may set a password once."""
        return f"{self.address}/admin/set-password/{token}"

    @property
    def can_send_mail(self) -> bool:
        """Whether mail reaches people: by SMTP, or on the console of a site that is tried on this machine."""
        return self.public_url is not None and (bool(self.smtp_host) or not self.is_secure)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The key that signs, then those whose signatures still hold."""
        current = self.secret_key.get_secret_value() if self.secret_key else ""
        return current, *(key for key, until in self.fallback_keys if not until or until >= _today())

    @property
    def fallback_keys(self) -> list[tuple[str, str]]:
        """The earlier keys, each with the day to whose end its signatures hold, "" where for good."""
        text = self.secret_key_fallbacks.get_secret_value() if self.secret_key_fallbacks else ""
        return [_dated(part.strip()) for part in text.split(",") if part.strip()]

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies in front, whose word on where a request comes from is believed."""
        parts = (part.strip() for part in self.trusted_proxies.split(","))
        return tuple(ip_network(part, strict=False) for part in parts if part)

    @property
    def site_names(self) -> tuple[str, ...]:
        """What everybody would think of first for a password here: the site's title and its host."""
        return self.site_title, urlsplit(self.address).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether people reach the site over https."""
        return self.public_url is not None and self.public_url.startswith("https://")


def load_settings() -> Settings:
    """Return the settings of this environment.

    Raises ConfigurationError naming the setting to mend; no value of a setting is repeated in it.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_words, error.errors(include_input=False)))) from None


def check_for_deployment(settings: Settings) -> None:
    """Refuse settings that are not safe to serve with (raises ConfigurationError)."""
    if settings.secret_key is None:
        raise ConfigurationError("SECRET_KEY is not set; it signs cookies and must be the same everywhere")
    if settings.public_url is None:
        raise ConfigurationError("PUBLIC_URL is not set; links and cookies depend on it")
    if not settings.is_secure and urlsplit(settings.public_url).hostname not in LOOPBACK_HOSTS:
        raise ConfigurationError("PUBLIC_URL must begin with https:// (plain http only on this machine)")


def parse_database_url(text: str) -> URL:
    """Return `text` as a SQLAlchemy URL; `postgres://` means PostgreSQL through psycopg2."""
    url = make_url(text)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg2")
    return url


def accounts_file(database: str | None, schema: str) -> str:
    """Return the SQLite file of the admin's own tables, which lies beside the database."""
    return f"{database}-{schema}" if database and database != ":memory:" else ":memory:"


def _dated(text: str) -> tuple[str, str]:
    dated = _DATED_KEY.fullmatch(text)
    return (dated[1], dated[2]) if dated else (text, "")


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.path in ("", "/")
    except ValueError:
        return False


def _words(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101 - pydantic's ErrorDetails
    place = "".join(str(part).upper() + ": " for part in error["loc"])
    return place + str(error["msg"]).removeprefix("Value error, ")
