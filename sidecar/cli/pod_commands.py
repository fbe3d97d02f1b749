"""The commands of a pod's life: what is put into it, and what kubelet, Docker or a script asks of a sidecar that runs.

As in `commands.py`, each body imports what it needs when it runs. `wait`, `drain` and `shutdown` come here for help and for what
`quick.py` can't read.
"""

from typing import Annotated

import typer

from sidecar.cli.flags import ConfigFlag
from sidecar.cli.operation_commands import ControlFlag
from sidecar.cli.readiness import Readiness


def parse_timeout(text: str) -> float:
    """Seconds.

    Raises:
        BadParameter: it is no duration.
    """
    from sidecar.config.quantities import parse_seconds

    try:
        return parse_seconds(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no duration; write 30s, 500ms, 2m or 0") from None


def wait(
    timeout: Annotated[
        float,
        typer.Option(
            parser=parse_timeout, metavar="DURATION", show_default=False,
            help="How long to wait: 30s if not given, 500ms, 2m, ... 0 asks once.",
        ),
    ] = 30.0,
    readiness: Annotated[
        Readiness,
        typer.Option("--for", help="started: its ledger is open and it listens. ready: it takes calls, and is not about to end."),
    ] = Readiness.STARTED,
    observe: Annotated[
        str | None, typer.Option(metavar="URL", help="Where a sidecar's probes are. Else observe.listen of the settings.")
    ] = None,
    config: ConfigFlag = None,
) -> None:  # fmt: skip
    """Wait until a sidecar is there.

    For scripts, for exec probes and for Docker's HEALTHCHECK:

    sidecar wait && exec my-application

    HEALTHCHECK CMD ["sidecar", "wait", "--timeout", "0", "--for", "ready"]

    Exits with 0 and says nothing once the sidecar has come so far. Exits with 1 when the time is over, and says what stood in
    the way: nobody answers, or a sidecar answers 'starting'.
    """
    from sidecar.cli.waiting import wait

    wait(readiness, timeout, observe, config)


def drain(config: ConfigFlag = None, control: ControlFlag = None) -> None:
    """Announce to a running sidecar that its end is near.

    It ends nothing, takes milliseconds, and prints the sidecar's state. For the preStop hook of the sidecar's container:

    lifecycle: {preStop: {exec: {command: [sidecar, drain]}}}

    From now on the sidecar is not ready. With drain.callers_are_gone, as in a pod, it takes calls until SIGTERM, and whoever
    leaves counts as leaving because the pod ends; without, it takes no new calls. Exits with 1 when no sidecar runs.
    """
    from sidecar.cli.ending import drain

    drain(control, config)


def shutdown(config: ConfigFlag = None, control: ControlFlag = None) -> None:
    """End a running sidecar as SIGTERM does.

    For a Job in which it is an ordinary container, that nobody else would end. As the application's last word:

    my-job; status=$?; sidecar shutdown; exit $status

    Works only with the setting control.allow_quit. The sidecar settles what is open before it exits; this command does not
    wait for that. Exits with 1 when the setting is off, or when no sidecar runs. A native sidecar (an init container with
    restartPolicy: Always) needs no such word: Kubernetes ends it.
    """
    from sidecar.cli.ending import shutdown

    shutdown(control, config)


def inject(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", hidden=True),  # described below: Typer would call it <list[str]>
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(metavar="IMAGE", help="The sidecar's image, also where it was injected before. Else inference-sidecar."),
    ] = None,
    env: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A setting of the sidecar: SIDECAR_MODE=enforce. As often as needed."),
    ] = None,
    config_map: Annotated[
        str | None, typer.Option(metavar="NAME", help="The ConfigMap with sidecar.yaml. Else inference-sidecar, if there is one.")
    ] = None,
) -> int:  # fmt: skip
    """Add the sidecar to pods: YAML in, YAML out.

    sidecar inject my-application.yaml | kubectl apply -f -

    Reads each FILE; - is standard input, which is read when none is named. Prints everything that it read; pods and the pod
    templates of Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and their like, in Lists too, now with the sidecar and with
    the variables that lead SDKs to it. What stands there stays, comments and order too: a container's own variables win. Doing
    it twice changes nothing. Pods that are labelled inference-sidecar/inject: "false" are passed over.
    """
    from sidecar.cli.injecting import inject

    return inject(files or ["-"], image, env or [], config_map)
