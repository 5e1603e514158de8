"""The situations in which the site refuses, worded for the person who reads them.

AdminSiteError
├── ConfigurationError   a setting is missing or wrong; the site does not start
├── BadRequest           the request itself makes no sense (unknown sort, page "abc")
├── NotFound             no such model or record, or not for this person
├── Forbidden            the person may not do this
├── Invalid              the values cannot be saved; says which and why
├── Conflict             the record cannot change or go because of what else is stored
├── TooSlow              the database needs longer than people wait for a list
├── TooManyAttempts      somebody failed to sign in too often; says when to try again
├── PasswordNeeded       what is asked for takes the password once more
└── LinkExpired          a password link is unknown, used or too old
"""

from collections.abc import Mapping


class AdminSiteError(Exception):
    """A refusal whose message may be shown to a person as it is."""


class ConfigurationError(AdminSiteError):
    pass


class BadRequest(AdminSiteError):
    pass


class NotFound(AdminSiteError):
    pass


class Forbidden(AdminSiteError):
    pass


class Invalid(AdminSiteError):
    """Values that cannot be saved.

    `errors` maps a field's or relation's name to what is wrong with it; the name `""` stands for the whole
    record.
    """

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class Conflict(AdminSiteError):
    pass


class TooSlow(AdminSiteError):
    pass


class TooManyAttempts(AdminSiteError):
    """`retry_after` is the number of seconds until it makes sense to try again."""

    def __init__(self, retry_after: int) -> None:
        minutes = -(-retry_after // 60)
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"There were too many wrong attempts to sign in. Wait {wait}, then try again.")
        self.retry_after = retry_after


class PasswordNeeded(AdminSiteError):
    def __init__(self) -> None:
        super().__init__("Enter your password again: what you are about to do matters.")


class LinkExpired(AdminSiteError):
    def __init__(self) -> None:
        super().__init__(
            "It was used, is more than an hour old or not complete, a newer one took its place, or the "
            "account has changed since. Ask for a new link."
        )
