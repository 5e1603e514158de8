"""What all entries share."""

from typing import Any

NEEDED = "This field needs a value."

Control = dict[str, Any]

BLANK: Control = {"value": "", "label": "–"}


class Unset:
    """What an entry gives when the person leaves the value to its default."""


UNSET = Unset()
