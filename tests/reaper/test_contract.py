"""What is promised to the reaper is what others keep."""

from sidecar.reaper.contract import Credential, Recorder, Settlement
from sidecar.reaper.settlement import settle_operation
from sidecar.telemetry.operation_recorder import OperationRecorder


def promised(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


def test_the_telemetry_records_all_that_the_reaper_tells() -> None:
    assert promised(Recorder) <= set(dir(OperationRecorder))


def test_the_settlement_takes_what_the_reaper_gives() -> None:
    given = set(Settlement.__call__.__annotations__) - {"return"}
    assert given <= set(settle_operation.__annotations__)


def test_a_credential_is_not_shown() -> None:
    assert repr(Credential(((b"authorization", b"Bearer secret"),), "caller")) == "<Credential from caller>"
