"""Programs that have a socket, one client of `live_sdks` each. They say `piece` or `message`, `turn`, `closed`."""

import asyncio
import os
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection

from tests.end_to_end.live_sdks import ASYNC, SYNC, Wish, is_piece
from tests.end_to_end.program import Program, Programs


class LivePrograms(Programs):
    """Starts them."""

    def __init__(self) -> None:
        super().__init__("tests.end_to_end.warm_sdks", "tests.sdk_clients", __name__)

    def talking(
        self, client: str, wish: Wish, authority_file: str, *, turns: int = 2, leaves_after: int | None = None
    ) -> AbstractContextManager[Program]:
        """A program that makes so many turns; it closes its socket behind so many pieces of the last one, if it is to."""
        return self.started(_talk, client, wish, authority_file, turns, leaves_after)


def _talk(say: Connection, client: str, wish: Wish, authority_file: str, turns: int, leaves_after: int | None) -> None:
    os.environ["SSL_CERT_FILE"] = authority_file
    try:
        if client in SYNC:
            _talk_sync(say, client, wish, turns, leaves_after)
        else:
            asyncio.run(_talk_async(say, client, wish, turns, leaves_after))
    except Exception as error:
        say.send(("error", f"{type(error).__name__}: {error}"))
    say.send(("closed", None))


def _talk_sync(say: Connection, client: str, wish: Wish, turns: int, leaves_after: int | None) -> None:
    with SYNC[client](wish) as turn:
        for nth in range(turns):
            messages: list[str] = []
            for message in turn():
                messages.append(message)
                if _told(say, messages) == leaves_after and nth == turns - 1:
                    return
            say.send(("turn", messages))


async def _talk_async(say: Connection, client: str, wish: Wish, turns: int, leaves_after: int | None) -> None:
    async with ASYNC[client](wish) as turn:
        for nth in range(turns):
            messages: list[str] = []
            async for message in turn():
                messages.append(message)
                if _told(say, messages) == leaves_after and nth == turns - 1:
                    return
            say.send(("turn", messages))


def _told(say: Connection, messages: list[str]) -> int:
    """Say the newest message; how many pieces of an answer there were up to it."""
    newest = messages[-1]
    say.send(("piece" if is_piece(newest) else "message", newest))
    return sum(map(is_piece, messages)) if is_piece(newest) else 0
