"""A provider whose answer ends too soon: reset, or closed in order, at every byte."""

from functools import partial
from typing import Final, Literal

from tests.faults.raw_provider import Turn
from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Ending, Kind

PLACES: Final = 10
"""Of each kind, in the short form."""

How = Literal["reset", "closed"]


async def resets(scene: Scene) -> Acted:
    """The connection breaks behind each byte."""
    return await _cuts(scene, "reset")


async def closes(scene: Scene) -> Acted:
    """The connection ends in order behind each byte."""
    return await _cuts(scene, "closed")


async def _cuts(scene: Scene, how: How) -> Acted:
    places = [
        (kind, place) for kind in Kind for place in scene.stage.some(range(len(scene.answers[kind].raw) + 1), PLACES)
    ]
    lost = await scene.each([partial(_cut, scene, how, kind, place) for kind, place in places])
    return Acted(len(places), lost, recovered_seconds=await scene.recovered(f"{how}: again"))


async def _cut(scene: Scene, how: How, kind: Kind, place: int) -> list[str]:
    name, answer = f"{how}: {kind} after {place}", scene.answers[kind]

    async def play(turn: Turn) -> None:
        await turn.whole()
        await turn.send(answer.raw[:place])
        if how == "reset":
            turn.reset()
        else:
            turn.close()

    heard = await scene.ask(name, play, kind=kind)
    is_whole = place == len(answer.raw) and how == "closed"
    found = scene.untrue(name, heard, is_whole=is_whole)
    if heard.ending is Ending.WHOLE and heard.status == 200 and place < len(answer.raw):
        found.append(f"{name}: the caller takes it for whole")
    return found
