"""Codes of an authenticator app (TOTP, RFC 6238), and the codes that stand in for a lost one."""

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp

PERIOD = 30  # seconds for which an authenticator shows one code
DIGITS = 6
DRIFT = 1  # steps by which the clock of an authenticator may be wrong, either way (RFC 6238, section 5.2)
RECOVERY_LENGTH = 24  # characters of 5 bits; ASVS 5.0, 6.5.2: from 112 bits on a plain digest is enough
_GROUP = 4
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no letter that looks like a digit
_LOOK_ALIKES = str.maketrans({"o": "0", "i": "1", "l": "1"})
_MAX_TYPED = 100


def new_secret() -> str:
    """Return 160 random bits in base 32, as RFC 4226, section 4, asks for."""
    return pyotp.random_base32()


def setup_uri(secret: str, user_name: str, issuer: str) -> str:
    """Return what an authenticator reads from a QR code."""
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD)
    return totp.provisioning_uri(name=user_name, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime, after: int | None) -> int | None:
    """Return the time step whose code this is, None for a wrong one or one not later than step `after`."""
    typed = simplify(code)
    if len(typed) != DIGITS or not typed.isdecimal():
        return None
    totp, current = pyotp.TOTP(secret, digits=DIGITS, interval=PERIOD), int(now.timestamp()) // PERIOD
    steps = range(current - DRIFT, current + DRIFT + 1)
    # All of them are compared, so that the time tells nothing.
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step), typed)]
    return next((step for step in right if after is None or step > after), None)


def new_recovery_code() -> str:
    """Return 120 random bits in groups of letters and digits."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(code[at : at + _GROUP] for at in range(0, RECOVERY_LENGTH, _GROUP))


def recovery_text(typed: str) -> str:
    """Return what is hashed of a recovery code, however it was typed."""
    return simplify(typed).translate(_LOOK_ALIKES)


def simplify(typed: str) -> str:
    """Return what was typed for a code, without what people put between its groups; "" for no code at all."""
    if len(typed) > _MAX_TYPED:
        return ""
    text = unicodedata.normalize("NFKC", typed).casefold()
    return "".join(char for char in text if char.isascii() and char.isalnum())
