"""Many callers at once, in processes of their own: what became of each, as it saw it itself.

    python -m tests.end_to_end.fleet PROXY COUNT PART

makes the calls of one part of `mixed_plans.plans(COUNT)` and prints a line of JSON for each.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from sidecar.clock import Moment
from tests.end_to_end.mixed_plans import Plan, plans

ROOT = Path(__file__).parents[2]
ANSWERED, VANISHED, DECLINED = "answered", "vanished", "declined"
PARTS: dict[str, Callable[[int, Plan], bool]] = {
    "async-even": lambda number, plan: plan.dialect != "bedrock" and number % 2 == 0,
    "async-odd": lambda number, plan: plan.dialect != "bedrock" and number % 2 == 1,
    "threads": lambda number, plan: plan.dialect == "bedrock",
}
AT_ONCE = {"async-even": 60, "async-odd": 60, "threads": 24}
FLEET_SECONDS = 240.0


class Told(msgspec.Struct, frozen=True):
    """What became of a caller."""

    name: str
    ending: str
    """`answered`, `vanished`, `declined`, or what went wrong."""
    at: Moment
    """When it was over; of a caller that vanished, when its connection was certainly closed."""


def sail(proxy: str, count: int) -> dict[str, Told]:
    """Make all calls; what became of each caller, by name."""
    sailing = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.end_to_end.fleet", proxy, str(count), part],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for part in PARTS
    ]
    try:
        lines = [line for process in sailing for line in process.communicate(timeout=FLEET_SECONDS)[0].splitlines()]
    finally:
        for process in sailing:
            process.kill()
            process.wait()
    assert [process.returncode for process in sailing] == [0] * len(PARTS)
    return {told.name: told for told in (msgspec.json.decode(line, type=Told) for line in lines)}


def _ended(plan: Plan, ending: str) -> Told:
    return Told(plan.name, ending, time.time_ns() // 1000)


def _by_threads(proxy: str, mine: list[Plan], at_once: int) -> list[Told]:
    from botocore.exceptions import ClientError, ReadTimeoutError
    from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

    from tests.end_to_end.blocking_calls import Bedrock

    bedrock = Bedrock(proxy)

    def call(plan: Plan) -> Told:
        try:
            return _ended(plan, ANSWERED if bedrock.make(plan) else VANISHED)
        except (ReadTimeoutError, StreamTimeoutError):
            return _ended(plan, VANISHED)
        except ClientError as declined:
            return _ended(plan, DECLINED if plan.is_declined else str(declined))
        except Exception as error:
            return _ended(plan, f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(at_once) as pool:
        told = list(pool.map(call, mine))
    bedrock.close()
    return told


async def _by_tasks(proxy: str, mine: list[Plan], at_once: int) -> list[Told]:
    from tests.end_to_end.mixed_calls import Clients, async_clients, make

    places = asyncio.Semaphore(at_once)

    async def call(plan: Plan, clients: Clients) -> Told:
        async with places:
            try:
                await asyncio.wait_for(make(plan, clients), plan.vanishes_after)
            except TimeoutError:
                return _ended(plan, VANISHED)
            except Exception as error:
                return _ended(plan, DECLINED if plan.is_declined else f"{type(error).__name__}: {error}")
            return _ended(plan, ANSWERED)

    async with AsyncExitStack() as stack:
        clients = await async_clients(proxy, stack)
        return await asyncio.gather(*(call(plan, clients) for plan in mine))


def main(proxy: str, count: int, part: str) -> None:
    """Make the calls of one part."""
    mine = [plan for number, plan in enumerate(plans(count)) if PARTS[part](number, plan)]
    at_once = AT_ONCE[part]
    told = _by_threads(proxy, mine, at_once) if part == "threads" else asyncio.run(_by_tasks(proxy, mine, at_once))
    sys.stdout.buffer.writelines(msgspec.json.encode(each) + b"\n" for each in told)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
