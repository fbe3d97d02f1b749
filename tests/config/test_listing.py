"""All settings as people may see them."""

import pytest

from sidecar.config.listing import listing
from sidecar.config.load import leaves
from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from tests.config.loading import loaded

pytestmark = pytest.mark.usefixtures("folder")


def test_every_key_is_listed_once_in_the_order_of_the_classes():
    settings = Settings()
    assert [line.key for line in listing(settings, {})] == [dotted(path) for path, _ in leaves(settings)]


def test_a_line_has_its_value_as_json_and_its_origin():
    found = loaded("proxy: {listen: 127.0.0.1:9}\nmode: enforce")
    lines = {line.key: line for line in listing(found.settings, found.origins)}
    assert (lines["proxy.listen"].value, lines["proxy.listen"].origin) == ("127.0.0.1:9", "file s.yaml:1")
    assert (lines["mode"].value, lines["log.level"].origin) == ("enforce", "default")


def test_nobody_has_said_where_it_came_from__no_origin():
    assert {line.origin for line in listing(Settings(), {})} == {None}


def test_password_is_masked():
    settings = Settings.model_validate({"ledger": {"url": "postgresql://me:canary@db/ledger"}})
    (line,) = [line for line in listing(settings, {}) if line.key == "ledger.url"]
    assert line.value == "postgresql://me:***@db/ledger"
