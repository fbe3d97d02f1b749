"""Everything that can go wrong and has a name.

    SidecarError
      SettingsError         what we were told is wrong; names the key as it was typed, and what to do
      ProtocolError         the other side broke HTTP/1.1; nothing of it is passed on
        RequestRefused      ... downstream: answered with `status` and a sentence
        ReplyBroken         ... upstream: the reply is aborted, never ended cleanly
      IllegalEvent          a bug of ours: an event that the call's state does not allow
      LedgerError           the ledger can't be opened or written; says what to do
      PriceError            a price that can't be used

The sentence is made from the attributes, lower case, no full stop.
"""


class SidecarError(Exception):
    """Base of all errors raised by this package on purpose."""


class SettingsError(SidecarError):
    """A setting can't be used. `key` is as the user typed it, `advice` says what to do."""

    def __init__(self, key: str, problem: str, advice: str = "") -> None:
        super().__init__(key, problem, advice)
        self.key, self.problem, self.advice = key, problem, advice

    def __str__(self) -> str:
        sentence = f"{self.key}: {self.problem}"
        return f"{sentence}; {self.advice}" if self.advice else sentence


class ProtocolError(SidecarError):
    """The other side sent something that HTTP/1.1 does not allow."""


class RequestRefused(ProtocolError):
    """A request that must not reach any upstream. `status` is what the caller is answered."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(status, problem)
        self.status, self.problem = status, problem

    def __str__(self) -> str:
        return self.problem


class ReplyBroken(ProtocolError):
    """An upstream's reply whose framing can't be trusted."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


class IllegalEvent(SidecarError):
    """An event that the call's state does not allow; the state is unchanged."""

    def __init__(self, event: str, state: str) -> None:
        super().__init__(event, state)
        self.event, self.state = event, state

    def __str__(self) -> str:
        return f"{self.event} in {self.state}"


class LedgerError(SidecarError):
    """The ledger can't be opened, read or written."""

    def __init__(self, where: str, problem: str, advice: str = "") -> None:
        super().__init__(where, problem, advice)
        self.where, self.problem, self.advice = where, problem, advice

    def __str__(self) -> str:
        sentence = f"ledger {self.where}: {self.problem}"
        return f"{sentence}; {self.advice}" if self.advice else sentence


class PriceError(SidecarError):
    """A price that can't be used."""
