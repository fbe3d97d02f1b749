"""The part of the API that shows the settings, as `sidecar config print --format json` does: passwords masked."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from sidecar.control.shown import mended
from sidecar.control.view import Sidecar


@dataclass(frozen=True, slots=True)
class SettingReply:
    """One setting."""

    value: Any
    """What is in force. What may be a password is `***`."""
    origin: str | None
    """Where it came from: `flag --mode`, `variable SIDECAR_MODE`, `file sidecar.yaml:3`, `default`; null where nobody knows."""


def configuration_router(sidecar: Sidecar) -> APIRouter:
    """`/api/config`."""
    router = APIRouter(tags=["program"])

    @router.get("/api/config", summary="All settings")
    async def settings() -> dict[str, SettingReply]:
        """Every key with its value and where that came from. Credentials are never settings: these name where one is kept."""
        return {each.key: SettingReply(_mended(each.value), each.origin) for each in sidecar.shown.settings()}

    return router


def _mended(value: object) -> object:
    return mended(value) if isinstance(value, str) else value
