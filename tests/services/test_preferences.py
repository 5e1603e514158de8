"""How people want pages to be."""

from zoneinfo import ZoneInfo

import pytest

from admin_site.errors import Invalid
from admin_site.languages import LANGUAGES
from admin_site.models import User
from admin_site.permissions import Preferences
from admin_site.services.preferences import THEMES, choose, stored, time_zones
from tests.factories import make_user


def test_what_was_chosen_is_kept_and_nothing_leaves_it_to_the_browser(session):
    user = make_user(session)

    choose(session, user, {"language": "es", "time_zone": "Europe/Madrid", "theme": ""})

    assert stored(user) == Preferences("es", "Europe/Madrid", "")
    choose(session, user, {"language": ""})
    assert stored(user) == Preferences("", "Europe/Madrid", "")


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_kept(session):
    user = make_user(session)

    with pytest.raises(Invalid) as refusal:
        choose(session, user, {"language": "xx", "time_zone": "Nowhere", "theme": "dark"})

    assert set(refusal.value.errors) == {"language", "time_zone"}
    assert stored(user) == Preferences()


def test_every_time_zone_that_is_offered_exists_once():
    zones = time_zones()

    assert len(zones) == len(set(zones))
    assert {"UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"} <= set(zones)
    assert all(ZoneInfo(zone) for zone in zones)


def test_what_can_be_chosen_fits_its_columns():
    lengths = {name: User.__table__.c[name].type.length for name in ("language", "theme", "time_zone")}

    assert max(map(len, LANGUAGES)) <= lengths["language"]
    assert max(map(len, THEMES)) <= lengths["theme"]
    assert max(map(len, time_zones())) <= lengths["time_zone"]
