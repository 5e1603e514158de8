"""What there is to know about a mapped class, in our own words."""

from admin_site.descriptions.describe import describe, mapped_classes
from admin_site.descriptions.model import NO_DEFAULT, Choice, Description, Field, Kind, Relation
from admin_site.descriptions.names import in_snake_case, in_words
from admin_site.descriptions.reasons import VIEW
from admin_site.descriptions.unreadable import Unreadable

__all__ = [
    "NO_DEFAULT",
    "VIEW",
    "Choice",
    "Description",
    "Field",
    "Kind",
    "Relation",
    "Unreadable",
    "describe",
    "in_snake_case",
    "in_words",
    "mapped_classes",
]
