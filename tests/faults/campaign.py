"""Every fault, by what it strikes; and how the tests play them."""

from tests.faults import callers, clocks, disks, kills, ledger_files, machine, postgres_servers, reaper_kills, upstreams
from tests.faults.fault import Fault

FAMILIES: dict[str, tuple[Fault, ...]] = {
    "the provider": upstreams.FAULTS,
    "the caller": callers.FAULTS,
    "the machine": machine.FAULTS,
    "the disk": disks.FAULTS,
    "the ledger's file": ledger_files.FAULTS,
    "PostgreSQL": postgres_servers.FAULTS,
    "the clock": clocks.FAULTS,
    "SIGKILL in the ledger's writer": kills.FAULTS,
    "SIGKILL in the reaper": reaper_kills.FAULTS,
}
