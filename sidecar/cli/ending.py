"""`sidecar drain` and `sidecar shutdown`: the end of a sidecar, announced and brought about."""

from sidecar.cli.control_client import control_of
from sidecar.cli.output import discard_output


def drain(control: str | None, config: str | None) -> None:
    """Announce the end to a running sidecar, and print its state after that. It ends nothing.

    Raises:
        SettingsError: where it would be can't be said.
        NotDone: no sidecar answers.
    """
    answer = control_of(config, control).post("api", "drain")
    _print(str(answer.get("state", "")))


def shutdown(control: str | None, config: str | None) -> None:
    """Have a running sidecar end as SIGTERM ends it. Returns when it has begun to.

    Raises:
        SettingsError: where it would be can't be said.
        NotDone: no sidecar answers, or its settings don't allow it.
    """
    control_of(config, control).post("quitquitquit")
    _print("ending")


def _print(line: str) -> None:
    """`output.standard_output` is for long answers, and imports a quarter of a second."""
    try:
        print(line, flush=True)  # noqa: T201  this is what the command answers
    except BrokenPipeError:
        discard_output()
