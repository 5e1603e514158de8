"""The keys that sign cookies and pages: where they are kept, and how a new one takes the place of the old."""

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr, ValidationError

from admin_site.config import DATA, Settings
from admin_site.errors import ConfigurationError
from admin_site.models import utc_now
from admin_site.models.accounts import SESSION_LIFETIME

KEY_FILE = DATA / "secret_key"
"""Where `run` keeps a key of its own: the first line signs, the second holds SECRET_KEY_FALLBACKS."""
ENV_FILE = Path(".env")
RESTART = "Start every process of the site again."

_ASSIGNMENT = r"^[ \t]*(?:export[ \t]+)?{}[ \t]*=.*$"


@dataclass(frozen=True)
class Rotation:
    """A new key and its fallbacks, as settings have them, and what to tell who asked for it."""

    secret_key: str
    fallbacks: str
    words: list[str]


def kept_keys(path: Path = KEY_FILE) -> tuple[str, str]:
    """Return the key kept in `path` and its fallbacks; it is made at the first call, for its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
    except FileExistsError:
        return _read(path)
    with open(descriptor, "w") as file:
        file.write(new_key())
    return _read(path)


def new_key() -> str:
    return secrets.token_urlsafe(48)


def rotate(
    settings: Settings,
    *,
    keep_old: bool = True,
    env_file: Path = ENV_FILE,
    key_file: Path = KEY_FILE,
    now: datetime | None = None,
) -> Rotation:
    """Put a new key where the present one is kept, which becomes a fallback for as long as sessions last.

    A key of the environment cannot be put there: the words say what to set. Raises ConfigurationError when
    that is not possible, and changes nothing.
    """
    now = now or utc_now()
    if settings.secret_key is None:
        if not key_file.exists():
            return _first()
        current, fallbacks = _read(key_file)
        settings = settings.model_copy(
            update={"secret_key": SecretStr(current), "secret_key_fallbacks": SecretStr(fallbacks)}
        )
        secret_key, fallbacks = _next(settings, keep_old, now)
        _replace(key_file, f"{secret_key}\n{fallbacks}\n")
        return Rotation(secret_key, fallbacks, [f"A new key is in {key_file}.", *_after(now, keep_old)])
    secret_key, fallbacks = _next(settings, keep_old, now)
    values = {"SECRET_KEY": secret_key, "SECRET_KEY_FALLBACKS": fallbacks}
    if "SECRET_KEY" not in map(str.upper, os.environ) and _is_set(env_file, "SECRET_KEY"):
        _write_env(env_file, values)
        return Rotation(secret_key, fallbacks, [f"A new key is in {env_file}.", *_after(now, keep_old)])
    lines = [f"  {name}={value}" for name, value in values.items()]
    return Rotation(
        secret_key,
        fallbacks,
        ["SECRET_KEY comes from the environment. Set there:", *lines, *_after(now, keep_old)],
    )


def _first() -> Rotation:
    key = new_key()
    words = ["There is no key yet. `run` makes one of its own; for `serve` set:", f"  SECRET_KEY={key}"]
    return Rotation(key, "", words)


def _after(now: datetime, keep_old: bool) -> list[str]:
    if not keep_old:
        return [RESTART, "Then everybody has to sign in again."]
    return [
        RESTART,
        f"What the old key signed holds to the end of {_last_day(now)} (UTC): no process that starts after "
        "that knows it.",
    ]


def _last_day(now: datetime) -> str:
    return f"{now + SESSION_LIFETIME:%Y-%m-%d}"


def _next(settings: Settings, keep_old: bool, now: datetime) -> tuple[str, str]:
    """Return a new key, and as its fallbacks the present one and those before it that still hold."""
    today = f"{now:%Y-%m-%d}"
    kept = [(key, until) for key, until in settings.fallback_keys if not until or until >= today]
    kept = [(settings.secret_keys[0], _last_day(now)), *kept] if keep_old else []
    fallbacks = ",".join(f"{key}@{until}" if until else key for key, until in kept)
    if settings.model_copy(update={"secret_key_fallbacks": SecretStr(fallbacks)}).fallback_keys != kept:
        raise ConfigurationError(
            "The old key cannot stand in SECRET_KEY_FALLBACKS: it has a comma, or begins with a space. "
            "Add --drop-old, and everybody has to sign in again"
        )
    return new_key(), fallbacks


def _read(path: Path) -> tuple[str, str]:
    secret_key, _, fallbacks = path.read_text().partition("\n")
    return secret_key.strip(), fallbacks.strip()


def _is_set(env_file: Path, name: str) -> bool:
    return env_file.is_file() and bool(_assignments(name).search(env_file.read_text()))


def _assignments(name: str) -> re.Pattern[str]:
    return re.compile(_ASSIGNMENT.format(name), re.MULTILINE | re.IGNORECASE)


def _write_env(env_file: Path, values: dict[str, str]) -> None:
    text = env_file.read_text()
    for name, value in values.items():
        text = _assign(text, name, value)
    draft = env_file.with_name(f"{env_file.name}.new")
    try:
        _write(draft, text, like=env_file)
        if _keys_in(draft) != tuple(values.values()):
            raise ConfigurationError(
                f"{env_file} was left as it is: with a new SECRET_KEY in it other values would be read. "
                "Write SECRET_KEY and SECRET_KEY_FALLBACKS on a line each, and only there"
            )
        draft.replace(env_file.resolve())
    finally:
        draft.unlink(missing_ok=True)


def _assign(text: str, name: str, value: str) -> str:
    line = f"{name}={value}"
    if _assignments(name).search(text):
        return _assignments(name).sub(line.replace("\\", r"\\"), text)
    return f"{text.rstrip()}\n{line}\n"


def _keys_in(env_file: Path) -> tuple[str, str]:
    """Return what settings would read from a file."""
    try:
        read = Settings(_env_file=env_file)  # type: ignore[call-arg]  # an option of every BaseSettings
    except ValidationError:
        return "", ""
    keys = read.secret_key, read.secret_key_fallbacks
    secret_key, fallbacks = (key.get_secret_value() if key else "" for key in keys)
    return secret_key, fallbacks


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole: whoever reads it finds the old text or the new one."""
    draft = path.with_name(f"{path.name}.new")
    try:
        _write(draft, text, like=path)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _write(draft: Path, text: str, like: Path) -> None:
    """Write a new file that the same people may read as another one."""
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600), "w") as file:
        file.write(text)
    shutil.copymode(like, draft)
    owner = like.stat()
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        shutil.chown(draft, owner.st_uid, owner.st_gid)
