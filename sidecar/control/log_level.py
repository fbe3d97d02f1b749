"""The part of the API that shows and sets what is logged while the program runs; at its next start the settings say it again."""

from dataclasses import dataclass

from fastapi import APIRouter

from sidecar.control.asked import Wish
from sidecar.control.view import Sidecar
from sidecar.telemetry.log import LogLevel


@dataclass(frozen=True, slots=True)
class LevelReply:
    """The least serious line that is logged."""

    level: LogLevel
    """One line a settled call is `info`."""


def log_level_router(sidecar: Sidecar) -> APIRouter:
    """`/api/log-level`."""
    router = APIRouter(prefix="/api/log-level", tags=["program"])

    @router.get("", summary="What is logged")
    async def level() -> LevelReply:
        """The least serious line that is logged now."""
        return LevelReply(sidecar.shown.log_level)

    @router.put("", summary="Log more or less")
    async def set_level(wanted: LevelReply, _: Wish) -> LevelReply:
        """From the next line on, until the process ends."""
        sidecar.shown.log_level = wanted.level
        return LevelReply(sidecar.shown.log_level)

    return router
