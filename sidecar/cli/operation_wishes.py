"""`sidecar operations renew` and `sidecar operations cancel`: a person's word to a running sidecar."""

from sidecar.cli.control_client import control_of
from sidecar.cli.moments import duration
from sidecar.cli.output import standard_output

PLACE = ("api", "operations")


def renew_operation(id: str, config: str | None, control: str | None) -> None:
    """Give an operation's caller a whole lease from now on.

    Raises:
        NotDone: there is no such operation, it is too late, or no sidecar runs.
    """
    answer = control_of(config, control).post(*PLACE, id, "renew")
    seconds = answer.get("lease_seconds")
    lease = duration(seconds) if isinstance(seconds, int | float) else "its lease"
    with standard_output() as file:
        file.write(f"renewed {id} for {lease}\n")


def cancel_operation(id: str, config: str | None, control: str | None) -> None:
    """Have an operation cancelled. Returns when the wish is written down, not when the provider has confirmed.

    Raises:
        NotDone: there is no such operation, it has ended, its provider has no cancel, or no sidecar runs.
    """
    control_of(config, control).post(*PLACE, id, "cancel")
    with standard_output() as file:
        file.write(f"cancelling {id}; `sidecar operations show {id}` says what becomes of it\n")
