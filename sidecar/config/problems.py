"""What is wrong with a setting, said so that it can be mended: place, key as typed, problem, advice."""

import difflib
import re
from collections.abc import Iterable, Sequence

from sidecar.errors import SettingsError

LONGEST_SHOWN = 60
MOST_BITS = 256
"""Of a whole number that is shown: Python itself refuses to write one of thousands of digits, and YAML's may have so many."""
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*)(:\S*)?@")
"""Up to the last `@`, because a password may stand there with one that was not encoded."""
PASSWORD_IN_QUERY = re.compile(r"(?i)([?&](?:password|sslpassword|key|api_key|token|access_token)=)[^&\s]*")


class SettingProblem(SettingsError):
    """One thing that is wrong. `where` is `path:line` for a key of a file, empty for a flag or a variable."""

    def __init__(self, where: str, key: str, problem: str, advice: str = "") -> None:
        super().__init__(key, problem, advice)
        self.where = where

    def __str__(self) -> str:
        said = super().__str__() if self.key else self.problem + (f"; {self.advice}" if self.advice else "")
        return f"{self.where}: {said}" if self.where else said


class BadSettings(SettingsError):
    """Everything that is wrong, all at once, in the order of the files' lines; its text has one line for each."""

    def __init__(self, problems: Sequence[SettingProblem]) -> None:
        super().__init__(problems[0].key, problems[0].problem, problems[0].advice)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def masked(text: str) -> str:
    """Text with the password of a URL in it made unreadable; a user name without a password may be a token, so it goes too."""
    text = PASSWORD_IN_URL.sub(lambda match: f"{match[1]}:***@" if match[2] else "***@", text)
    return PASSWORD_IN_QUERY.sub(r"\1***", text)


def writable(text: str) -> str:
    """Text as it can be written: a variable's bytes need not be UTF-8, and YAML knows an escape for half a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode()


def shown(value: object) -> str:
    """A value as a sentence about it names it: short, masked, and never the inside of a group."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            text = masked(value)
            return f"'{text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + '...'}'"
        case dict():
            return "a group of keys"
        case list() | tuple():
            return "a list"
        case _:
            is_long = isinstance(value, int) and value.bit_length() > MOST_BITS
            return "a number of very many digits" if is_long else str(value)


def nearest(typed: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, or nothing."""
    near = difflib.get_close_matches(typed, list(candidates), n=1, cutoff=0.6)
    return near[0] if near else ""


def did_you_mean(typed: str, candidates: Iterable[str]) -> str:
    """`did you mean x?` when one of the candidates is near to what was typed, else nothing."""
    near = nearest(typed, candidates)
    return f"did you mean {near}?" if near else ""
