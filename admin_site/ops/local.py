"""What `run` makes up, on this machine alone, where a setting is missing."""

from pathlib import Path

from pydantic import SecretStr

from admin_site.config import Settings
from admin_site.ops.secret_keys import KEY_FILE, kept_keys


def complete(settings: Settings, address: str, key_file: Path = KEY_FILE) -> Settings:
    """Return `settings` with a SECRET_KEY and a PUBLIC_URL; what is set stays."""
    made_up: dict[str, object] = {"public_url": settings.public_url or address}
    if settings.secret_key is None:
        secret_key, fallbacks = kept_keys(key_file)
        made_up |= {"secret_key": SecretStr(secret_key), "secret_key_fallbacks": SecretStr(fallbacks)}
    return settings.model_copy(update=made_up)
