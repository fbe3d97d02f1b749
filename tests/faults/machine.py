"""What goes wrong at the machine: no more descriptors, little memory, and a process that is stopped for a while."""

from contextlib import ExitStack

from sidecar.simulator.server import running_simulator
from tests.end_to_end.rig import running_sidecar
from tests.faults import machine_descriptors, machine_memory, machine_sleep
from tests.faults.billed import BilledScene, before_the_simulator
from tests.faults.fault import Fault, Stage
from tests.faults.together import Together

FEW_DESCRIPTORS = Together(machine_descriptors.opened)
LITTLE_MEMORY = Together(before_the_simulator(machine_memory.SETTINGS))


async def _with_operations(stage: Stage, stack: ExitStack) -> BilledScene:
    simulator = stack.enter_context(running_simulator())
    settings = {"UPSTREAMS__OPENAI__URL": simulator.url, **machine_sleep.SETTINGS}
    return BilledScene(stack.enter_context(running_sidecar(stage.directory, simulator, settings)), simulator, stage)


STOPPED = Together(_with_operations)

FAULTS: tuple[Fault, ...] = (
    Fault(
        "has few descriptors",
        "callers beyond half of them are told 503; those who are there, the ledger and the metrics go on",
        FEW_DESCRIPTORS.act("has few descriptors", machine_descriptors.crowded),
    ),
    Fault(
        "loses its descriptors",
        "what is under way goes on, and new calls as soon as there are some again",
        FEW_DESCRIPTORS.act("loses its descriptors", machine_descriptors.lowered, is_alone=True),
    ),
    Fault(
        "has little memory",
        "many orphans and slow readers stay within limits of our own",
        LITTLE_MEMORY.act("has little memory", machine_memory.little_memory),
    ),
    Fault(
        "is stopped for a while",
        "nobody is blamed for what waited for us; no lease lapses by our sleep",
        STOPPED.act("is stopped for a while", machine_sleep.sleeps),
    ),
)
