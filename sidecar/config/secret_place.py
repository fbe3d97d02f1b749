"""Where a secret is kept: settings name the place, a variable or a file, and never hold the secret itself."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BeforeValidator, field_validator, model_validator

from sidecar.config.credential import VARIABLE
from sidecar.config.group import Group
from sidecar.config.values import Text, unusable_whole
from sidecar.errors import SettingsError


class SecretPlace(Group):
    """One of two places. It is looked into at the start."""

    KEY: ClassVar[str]
    """The setting that names it."""
    IT: ClassVar[str]
    """What somebody may have written instead of a place, in words."""
    PLACES: ClassVar[str]
    """How a place is written: an advice."""
    NOTHING: ClassVar[tuple[str, str]]
    """What is wrong with a place that is empty, and what to do."""

    env: str | None = None
    """The name of an environment variable of the sidecar that holds it."""
    file: Text | None = None
    """The path of a file that holds it."""

    @field_validator("env", mode="before")
    @classmethod
    def _is_variable(cls, value: object) -> object:
        if value is None or (isinstance(value, str) and VARIABLE(value)):
            return value
        raise unusable_whole(f"{cls._not_shown()} is not the name of a variable", cls.PLACES)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise unusable_whole("names no place" if self.env is None else "names two places", self.PLACES)
        return self

    @classmethod
    def or_refused(cls) -> BeforeValidator:
        """Refuses, where a place is set, what may be the secret itself, without repeating it."""

        def refuse(value: object) -> object:
            if value is None or isinstance(value, dict | cls):
                return value
            raise unusable_whole(f"{cls._not_shown()} is not a group of keys", cls.PLACES)

        return BeforeValidator(refuse)

    @classmethod
    def _not_shown(cls) -> str:
        return f"what stands there (not shown: it may be {cls.IT})"

    @property
    def _named(self) -> tuple[str, str]:
        """Which of the two it is, and its name."""
        return ("env", self.env or "") if self.file is None else ("file", self.file)

    def read(self, variables: Mapping[str, str]) -> str:
        """What is kept there, without the space around it. `variables` is the environment.

        Raises:
            SettingsError: nothing is. What is there is in no error.
        """
        place = self._named[1]
        try:
            text = variables.get(place, "") if self.file is None else Path(place).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            raise self._fault(f"can't read {place}: {type(why).__name__}") from None
        if not text.strip():
            problem, advice = self.NOTHING
            raise self._fault(f"{place} {problem}", advice)
        return text.strip()

    def _fault(self, problem: str, advice: str = "") -> SettingsError:
        return SettingsError(f"{self.KEY}.{self._named[0]}", problem, advice)
