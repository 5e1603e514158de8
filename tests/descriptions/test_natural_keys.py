"""Which fields make the key."""

import pytest
from sqlalchemy.orm import (
    Mapped,
    mapped_column,
)

from admin_site.descriptions import describe
from admin_site.models import AuditEntry
from tests.zoo import inheritance, keys, relations


@pytest.mark.parametrize(
    ("model", "key", "is_generated"),
    [
        (keys.TextKey, ("code",), False),
        (keys.UuidKey, ("id",), True),
        (keys.NaturalUuidKey, ("id",), False),
        (keys.NaturalNumberKey, ("number",), False),
        (keys.RenamedKey, ("number",), True),
        (keys.CompositeKey, ("street", "house", "built"), False),
        (relations.Membership, ("library_id", "patron_id"), False),
        (inheritance.Trailer, ("id",), True),
        (relations.Planet, ("number",), True),
        (AuditEntry, ("entry_id",), True),
    ],
)
def test_keys_are_known_by_their_attributes(model, key, is_generated):
    description = describe(model)

    assert description.key == key
    assert description.key_is_generated == is_generated
    for name in key:
        field = description.field(name)
        assert field.primary_key
        assert field.fixed
        assert field.required == (not is_generated)
        assert bool(field.read_only) == is_generated


def test_a_generated_text_key_may_be_typed(base):
    class Thing(base):
        __tablename__ = "things"
        code: Mapped[str] = mapped_column(primary_key=True, default=lambda: "made up")

    field = describe(Thing).field("code")

    assert field.generated
    assert not field.required
    assert not field.read_only
