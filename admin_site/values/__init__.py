"""One text form for every value, exact in both directions."""

from admin_site.values.forms import canonical, empty, from_text, to_text
from admin_site.values.stored import to_json

__all__ = ["canonical", "empty", "from_text", "to_json", "to_text"]
