"""What the portable classes have in common."""

import itertools

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, registry

metadata = MetaData()


class Base(DeclarativeBase):
    metadata = metadata


class OtherBase(DeclarativeBase):
    """A second base beside the first, with classes of the same names."""

    metadata = metadata


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    metadata = metadata


imperative = registry(metadata=metadata)

_numbers = itertools.count(1000)


def fresh_number() -> int:
    """Return a number that no row has yet."""
    return next(_numbers)
