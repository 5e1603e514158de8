"""By which field a record is called."""

import pytest
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from admin_site.descriptions import describe
from admin_site.listing.orders import naming_field
from admin_site.models import Course, Enrollment, User


class Base(DeclarativeBase):
    pass


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str | None]
    other: Mapped[str | None]

    @property
    def shouted(self) -> str:
        return f"{self.title}!"


def test_a_label_that_is_one_field_is_sorted_by_it() -> None:
    assert naming_field(describe(Course)) == "name"
    assert naming_field(describe(User)) == naming_field(describe(Enrollment)) == ""


@pytest.mark.parametrize(
    ("label", "name"),
    [
        (lambda self: self.title, "title"),
        (lambda self: str(self.title), "title"),
        (lambda self: f"{self.title}", "title"),
        (lambda self: self.title or "", "title"),
        (lambda self: self.title or "unnamed", ""),
        (lambda self: self.title or self.other, ""),
        (lambda self: self.title if self.other else "", ""),
        (lambda self: self.title.strip(), ""),
        (lambda self: self.title.capitalize(), ""),
        (lambda self: self.title[:50], ""),
        (lambda self: f"#{self.id}", ""),
        (lambda self: f"{self.title} {self.other}", ""),
        (lambda self: self.shouted, ""),
        (lambda self: self.title + 1, ""),
        (lambda self: type(self).__name__, ""),
        (lambda self: super(Thing, self).__str__(), ""),
        (lambda self: "always the same", ""),
    ],
)
def test_what_a_label_returns_as_it_is_names_the_record(monkeypatch, label, name: str) -> None:
    monkeypatch.setattr(Thing, "__str__", label)
    naming_field.cache_clear()

    assert naming_field(describe(Thing)) == name
    naming_field.cache_clear()
