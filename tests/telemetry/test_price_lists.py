from datetime import UTC, date, datetime

from sidecar.clock import SECOND, Moment
from sidecar.metering.media import load_media_prices
from sidecar.telemetry.price_lists import listed_at, media_days, token_days


def moment(day: date) -> Moment:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


def test_every_row_of_the_media_table_has_its_day():
    assert len(list(media_days())) == len(load_media_prices())


def test_the_lists_are_as_old_as_the_latest_day_that_they_show():
    far = date(2100, 1, 1)
    assert listed_at(moment(far)) == moment(max((*media_days(), *token_days())))


def test_a_price_that_is_not_in_force_yet_makes_no_list_younger():
    announced = max(token_days())
    before = moment(announced) - 1
    assert max(media_days()) < announced  # or this says nothing: choose another of the announced days
    assert listed_at(before) < moment(announced) == listed_at(moment(announced))
