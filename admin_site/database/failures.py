"""What a database that does not answer, or refuses, means to the person who set DATABASE_URL."""

import re

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from admin_site.errors import ConfigurationError

# What drivers say, in the order to look for it: a server's own words come wrapped in the way to the server.
_MEANINGS = (
    # libpq: https://github.com/postgres/postgres/tree/master/src/interfaces/libpq
    ("translate host name", "there is no host named {host}"),
    ("pg_hba.conf", "the server at {host} does not let {user} in from this machine"),
    ("password|authentication", "the server at {host} does not accept the password of {user}"),
    (r"role .* does not exist", "the server at {host} knows no user {user}"),
    (r"database .* does not exist", "the server at {host} has no database {database}: create it first"),
    ("CONNECT privilege", "{user} may not connect to the database {database}"),
    ("permission denied for database", "{user} may not create a schema in the database {database}"),
    ("too many|remaining connection slots", "the server at {host} has no connection left: lower POOL_SIZE"),
    ("starting up|shutting down", "the server at {host} is starting or stopping: try again shortly"),
    (r"\bSSL\b|certificate", "the server at {host} and the sslmode in the URL do not fit"),
    ("refused|timeout|timed out|unreachable|No route|No such file", "no server answers at {host}"),
    ("invalid port", "the port is not one"),
    ("invalid", "the part of the URL after the question mark is wrong"),
    # SQLite: https://www.sqlite.org/rescode.html
    ("not a database|malformed", "{database} is not a SQLite database"),
    ("readonly|read-only", "{database} cannot be written"),
    ("unable to open|disk I/O", "{database} cannot be opened: is its folder there, and may it be written?"),
    ("locked", "{database} is locked by another process"),
)
# What a statement that is refused needs; PostgreSQL's own first line comes before it.
_NEEDS = (
    ("permission denied|must be owner", ": the user in DATABASE_URL needs that right"),
    ("lock timeout|deadlock", ": somebody else is using the same tables; try again when they are less busy"),
    ("read-only transaction", ": connect to the primary server"),
)
# SQLite's own words say less than these.
_MEANS = (
    ("readonly", "the file may only be read"),
    ("locked", "another process is writing to the file; try again when it has finished"),
    ("disk is full", "the disk is full"),
)
_SPECIAL = "a character such as @ : / in the password must be percent-encoded (@ is %40)"


def explain(error: Exception, url: URL) -> ConfigurationError:
    """Return a failure to connect as one line that says what to mend, without the password."""
    if "@" in (url.host or ""):  # the rest of a password that holds an @
        return ConfigurationError(f"DATABASE_URL cannot be used: {_SPECIAL}")
    cause = getattr(error, "orig", None) or error
    if isinstance(error, OSError):  # the folder of a SQLite file
        words = f"{url.database} cannot be opened: {error.strerror}: {error.filename}"
    else:
        words = _meaning(str(cause)).format(
            host=_host(url), user=repr(url.username), database=repr(url.database)
        )
    return ConfigurationError(f"DATABASE_URL cannot be used: {words}")


def refusal(error: DBAPIError) -> str:
    """Return in one line why the database refused a statement, which names no more than its own objects."""
    said = str(error.orig).strip().partition("\n")[0]
    for pattern, words in _MEANS:
        if re.search(pattern, said):
            return words
    return said + next((words for pattern, words in _NEEDS if re.search(pattern, said)), "")


def not_a_url() -> ConfigurationError:
    return ConfigurationError(
        "DATABASE_URL cannot be used: it must look like sqlite:///file.sqlite3 or "
        "postgresql://user:password@host/database"
    )


def _meaning(message: str) -> str:
    for pattern, words in _MEANINGS:
        if re.search(pattern, message):
            return words
    return "the database at {host} does not answer as it should"


def _host(url: URL) -> str:
    socket = url.query.get("host")
    host = url.host or (socket if isinstance(socket, str) else None) or "this machine"
    return f"{host}, port {url.port}" if url.port else host
