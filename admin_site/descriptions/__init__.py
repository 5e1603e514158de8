"""What there is to know about a mapped class, in our own words."""

from admin_site.descriptions.describe import describe, mapped_classes
from admin_site.descriptions.labels import in_words
from admin_site.descriptions.model import NO_DEFAULT, Choice, Description, Field, Kind, Relation

__all__ = [
    "NO_DEFAULT",
    "Choice",
    "Description",
    "Field",
    "Kind",
    "Relation",
    "describe",
    "in_words",
    "mapped_classes",
]
