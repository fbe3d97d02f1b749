"""The soak of `make soak`, for seconds: everything is played and everything is looked at, but nothing has the time to grow."""

from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.soak.ledgers import PostgresLedger, SqliteLedger
from tests.soak.run import soak
from tests.soak.soak import Wanted

pytestmark = [
    pytest.mark.alone,
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
]


def test_twelve_seconds_of_mixed_traffic_on_sqlite__everything_is_given_back_and_told_right(tmp_path: Path) -> None:
    assert soak(Wanted(12.0, 150.0), SqliteLedger(tmp_path), tmp_path, print).findings == []


@pytest.mark.part("postgresql")
def test_eight_seconds_of_mixed_traffic_on_postgresql__everything_is_given_back_and_told_right(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    with postgres.new_place() as url:
        ledger = PostgresLedger(postgres, url)
        assert soak(Wanted(8.0, 150.0), ledger, tmp_path, print).findings == []
