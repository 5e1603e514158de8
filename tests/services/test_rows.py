"""Whether somebody may do something to one record."""

import pytest
from sqlalchemy.orm import Session

from admin_site.descriptions import describe
from admin_site.errors import Forbidden
from admin_site.models import Item, User
from admin_site.permissions import (
    COMMAND_LINE,
    GrantableModel,
    Identity,
    LimitedGrant,
    RowRules,
    RowScope,
    grantable,
)
from admin_site.services import records, support
from admin_site.services.grants import offer
from admin_site.services.rows import allows_record, require_record
from tests.factories import an_administrator, identity_with, make_user

PUPILS = RowScope("Pupils", lambda statement, _: statement.where(User.age < 18))
MATTERS = LimitedGrant("user", "action:unlock", scope="pupils")


@pytest.fixture
def site(session: Session) -> Session:
    """A session of a site whose view of people knows pupils; that of items shows everybody their own."""
    people = RowRules(describe(User), named={"pupils": PUPILS})
    items = RowRules(describe(Item), own=_own_items)
    kinds = [
        GrantableModel(identity, identity, {}, rows=rules)
        for identity, rules in {"user": people, "item": items}.items()
    ]
    offer(session, grantable({"user": "Users", "item": "Items"}, {}, kinds))
    return session


def _own_items(statement, who: Identity):
    return statement if who.is_superuser else statement.where(Item.owner_id == who.user_id)


def test_a_deed_is_limited_to_the_rows_of_the_grant(site: Session):
    desk = identity_with(site, MATTERS)
    pupil, teacher = make_user(site, age=12), make_user(site, age=40)

    assert allows_record(site, desk, "action:unlock", pupil)
    assert not allows_record(site, desk, "action:unlock", teacher)
    support.unlock(site, desk, pupil)
    with pytest.raises(Forbidden, match="limited to other ones"):
        support.unlock(site, desk, teacher)


def test_without_any_right_the_refusal_says_which(site: Session):
    with pytest.raises(Forbidden, match="You may not do this: edit records of the kind “user”"):
        require_record(site, identity_with(site, MATTERS), "edit", make_user(site))


def test_whoever_may_do_it_to_all_may_do_it_to_each(site: Session):
    teacher = make_user(site, age=40)

    for actor in (an_administrator(site), identity_with(site, ("user", "edit")), COMMAND_LINE):
        require_record(site, actor, "edit", teacher)


def test_where_no_views_are_known_a_limited_grant_holds_no_row(session: Session):
    assert not allows_record(
        session, identity_with(session, MATTERS), "action:unlock", make_user(session, age=12)
    )


def test_nobody_saves_a_record_that_they_could_not_see_afterwards(site: Session):
    keeper = identity_with(site, ("item", "*"))
    own, other = site.get_one(User, keeper.user_id), make_user(site)
    site.commit()
    description = describe(Item)

    item = records.create(site, keeper, description, {"title": "Lamp", "owner": own})
    site.commit()
    for attempt in (
        lambda: records.create(site, keeper, description, {"title": "Vase", "owner": other}),
        lambda: records.update(site, keeper, description, item, {"owner": other}),
    ):
        with pytest.raises(Forbidden, match="none of those"):
            attempt()
        site.rollback()
    records.create(site, an_administrator(site), description, {"title": "Vase", "owner": other})


def test_a_record_stays_within_the_rows_of_a_grant(site: Session):
    registrar = identity_with(site, LimitedGrant("user", "edit", scope="pupils"), ("user", "list"))
    pupil = make_user(site, age=12)
    site.commit()

    records.update(site, registrar, describe(User), pupil, {"age": 17})
    site.commit()
    with pytest.raises(Forbidden):
        records.update(site, registrar, describe(User), pupil, {"age": 18})
