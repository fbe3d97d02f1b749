"""What is being worked on."""

import asyncio

from sidecar.simulator.under_way import UnderWay


class Call:
    """A call that remembers what was asked of it."""

    def __init__(self, tag: str) -> None:
        self.tag, self.asked = tag, list[str]()

    def release(self) -> None:
        self.asked.append("release")

    def stop(self) -> None:
        self.asked.append("stop")


def test_settled__when_the_last_one_is_over():
    async def scene() -> None:
        under_way, calls = UnderWay(), [Call("a"), Call("b")]
        await under_way.settled()
        for call in calls:
            under_way.add(call)
        waiting = asyncio.create_task(under_way.settled())
        under_way.discard(calls[0])
        await asyncio.sleep(0)
        assert not waiting.done()
        under_way.discard(calls[1])
        await waiting

    asyncio.run(scene())


def test_released__those_of_a_tag_and_stopped__all():
    under_way, calls = UnderWay(), [Call("a"), Call("b"), Call("a")]
    for call in calls:
        under_way.add(call)
    assert under_way.release("a") == 2
    under_way.stop()
    assert [call.asked for call in calls] == [["release", "stop"], ["stop"], ["release", "stop"]]


def test_numbers__from_one():
    under_way = UnderWay()
    assert [under_way.number(), under_way.number()] == [1, 2]
