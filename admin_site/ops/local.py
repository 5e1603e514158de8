"""What `run` makes up, on this machine alone, where a setting is missing."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from admin_site.config import DATA, Settings

KEY_FILE = DATA / "secret_key"


def complete(settings: Settings, address: str, key_file: Path = KEY_FILE) -> Settings:
    """Return `settings` with a SECRET_KEY and a PUBLIC_URL; what is set stays."""
    return settings.model_copy(
        update={
            "secret_key": settings.secret_key or SecretStr(kept_key(key_file)),
            "public_url": settings.public_url or address,
        }
    )


def kept_key(path: Path) -> str:
    """Return the key kept in `path`, made at the first call and readable by its owner alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
    except FileExistsError:
        return path.read_text()
    with open(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text()
