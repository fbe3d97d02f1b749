"""Prices that the user sets: what one says, and which calls it speaks of. `override_rule.py` makes a price rule of it."""

from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

import msgspec

from sidecar.errors import PriceError

ByVariant = dict[str, Decimal]
"""US dollars by variant, as it is written: `1024x1024 high`, `1080p audio`."""

_MTOK, _PIECE, _HOUR = Decimal(10_000), Decimal(1_000), Decimal(10_000)
MOST_USD: Final = {
    "input_per_mtok_usd": _MTOK,
    "cached_input_per_mtok_usd": _MTOK,
    "cache_write_per_mtok_usd": _MTOK,
    "cache_write_hour_per_mtok_usd": _MTOK,
    "output_per_mtok_usd": _MTOK,
    "reasoning_per_mtok_usd": _MTOK,
    "audio_input_per_mtok_usd": _MTOK,
    "audio_output_per_mtok_usd": _MTOK,
    "image_input_per_mtok_usd": _MTOK,
    "image_output_per_mtok_usd": _MTOK,
    "image_usd": _PIECE,
    "image_usd_by": _PIECE,
    "video_second_usd": _PIECE,
    "video_second_usd_by": _PIECE,
    "audio_second_usd": _PIECE,
    "audio_minute_usd": _PIECE,
    "million_characters_usd": _MTOK,
    "web_search_usd": _PIECE,
    "unit_usd": _PIECE,
    "request_usd": _PIECE,
    "second_usd": _PIECE,
    "gpu_hour_usd": _HOUR,
}
"""The dearest published prices of 2026 are a tenth of these or less: beyond is a slip, such as a price per token times 1e9."""

_MOST_FACTOR: Final = Decimal(10)
_MOST_GPUS: Final = Decimal(1_000)
_MOST_SLOTS: Final = 100_000
_PRICE_DECIMALS: Final = 9
_FACTOR_DECIMALS: Final = 4
"""Far more than any price list shows, few enough that a bill for a billion tokens is exact in Decimal's 28 digits."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `prices.overrides`, or the `price` of an upstream. Amounts are US dollars; None says nothing about that class.

    A class that may have a price of its own and has none here is priced as the class that it is part of.
    No discount is applied that is not named here.
    """

    model: str
    """Glob over the model's plain name (`gemini-2.5-flash`, no `models/`); upper and lower case are alike."""
    upstream: str | None = None
    """Glob over the upstream's name; None matches every upstream."""
    method: str | None = None
    """Glob over the provider's name of the method (`chat.completions`); None matches every method."""
    label: str | None = None
    """Glob over the call's labels, each as `name=value`; None matches calls with any labels and with none."""
    input_per_mtok_usd: Decimal | None = None
    cached_input_per_mtok_usd: Decimal | None = None
    cache_write_per_mtok_usd: Decimal | None = None
    cache_write_hour_per_mtok_usd: Decimal | None = None
    """Without it, as `cache_write_per_mtok_usd`."""
    output_per_mtok_usd: Decimal | None = None
    reasoning_per_mtok_usd: Decimal | None = None
    audio_input_per_mtok_usd: Decimal | None = None
    audio_output_per_mtok_usd: Decimal | None = None
    image_input_per_mtok_usd: Decimal | None = None
    image_output_per_mtok_usd: Decimal | None = None
    image_usd: Decimal | None = None
    """Per image delivered, of any size that is not in `image_usd_by`."""
    image_usd_by: ByVariant = {}
    """Per image delivered, by size and quality."""
    video_second_usd: Decimal | None = None
    """Per second of video delivered, of any kind that is not in `video_second_usd_by`."""
    video_second_usd_by: ByVariant = {}
    """Per second of video delivered, by resolution and sound."""
    audio_second_usd: Decimal | None = None
    audio_minute_usd: Decimal | None = None
    million_characters_usd: Decimal | None = None
    web_search_usd: Decimal | None = None
    unit_usd: Decimal | None = None
    """Per unit of the provider's own (search units)."""
    request_usd: Decimal | None = None
    """Per call, whatever it uses."""
    second_usd: Decimal | None = None
    """Per second of a machine, as the provider reports them."""
    gpu_hour_usd: Decimal | None = None
    """Per GPU and hour of the machine that the call holds a place on, by our own clock."""
    gpus: Decimal | None = None
    """GPUs of that machine; None is one."""
    slots: int | None = None
    """Calls that share it; None is one."""
    factor: Decimal | None = None
    """What the published prices are multiplied by, instead of prices of one's own."""
    batch_factor: Decimal | None = None
    """What these prices are multiplied by on the `batch` tier, 0 to 1."""
    free: bool = False
    """Nothing is asked for these calls."""
    source: str = ""
    """What bills name as their source; empty for `override:<place>`."""

    def matches(
        self,
        upstream: str,
        names: tuple[str, ...],
        method: str | None = None,
        labels: tuple[tuple[str, str], ...] | None = None,
    ) -> bool:
        """Whether this override speaks of a call of a model, known by any of these lower-case names, at this upstream.

        Without a method or labels: whether it speaks of some such call.
        """
        if not (_fits(self.upstream, (upstream,)) and (method is None or _fits(self.method, (method,)))):
            return False
        if labels is not None and not _fits(self.label, ("=".join(label) for label in labels)):
            return False
        return any(fnmatchcase(name, self.model.lower()) for name in names)

    def prices(self) -> dict[str, Decimal | ByVariant]:
        """The prices that are set, by field; those by variant where there are any."""
        amounts = {name: getattr(self, name) for name in MOST_USD}
        return {name: amount for name, amount in amounts.items() if amount is not None and amount != {}}

    def check(self, place: int) -> None:
        """Refuse what can't be meant; `place` counts from 1.

        Raises:
            PriceError: names the override, the field and what is wrong.
        """
        if not self.model or "" in (self.upstream, self.method, self.label):
            raise PriceError(f"override {place}: model, upstream, method and label can't be empty")
        where = f'override {place} (model "{self.model}")'
        prices = self.prices()
        for problem in self._contradictions(set(prices)):
            raise PriceError(f"{where}: {problem}")
        for name, price in prices.items():
            by = price if isinstance(price, dict) else {"": price}
            for variant, usd in by.items():
                _check_amount(f"{where}: {name}" + (f" of {variant}" if variant else ""), usd, MOST_USD[name])
        for name, most in (("factor", _MOST_FACTOR), ("batch_factor", Decimal(1)), ("gpus", _MOST_GPUS)):
            if (amount := getattr(self, name)) is not None:
                _check_amount(f"{where}: {name}", amount, most, _FACTOR_DECIMALS)
        self._check_machine(where)

    def _contradictions(self, named: set[str]) -> list[str]:
        """Sentences on what can't be meant together; `named` are the prices that are set."""
        first = min(named, key=list(MOST_USD).index, default="")
        machine = [name for name in ("gpus", "slots") if getattr(self, name) is not None]
        wrong = {
            f"free, and {first} is a price": self.free and named,
            "free, and there is a factor": self.free and (self.factor is not None or self.batch_factor is not None),
            f"factor multiplies published prices, and {first} takes their place": self.factor is not None and named,
            "factor multiplies published prices, which know batches themselves, and batch_factor takes prices of one's own":
                self.factor is not None and self.batch_factor is not None,
            f"{' and '.join(machine)} without gpu_hour_usd": machine and self.gpu_hour_usd is None,
            "gpu_hour_usd and second_usd both price the time": {"gpu_hour_usd", "second_usd"} <= named,
            "audio_second_usd and audio_minute_usd both price audio": {"audio_second_usd", "audio_minute_usd"} <= named,
            "names no price": not (named or machine or self.free or self.factor is not None),
        }  # fmt: skip
        return [problem for problem, is_so in wrong.items() if is_so]

    def _check_machine(self, where: str) -> None:
        if self.gpus is not None and not self.gpus:
            raise PriceError(f"{where}: gpus is 0, must be above")
        if self.slots is not None and not 1 <= self.slots <= _MOST_SLOTS:
            raise PriceError(f"{where}: slots is {self.slots}, must be from 1 to {_MOST_SLOTS}")


def _fits(glob: str | None, words: Iterable[str]) -> bool:
    """Whether any of these words is what was asked for; None asks for nothing."""
    return glob is None or any(fnmatchcase(word, glob) for word in words)


def _check_amount(what: str, amount: object, most: Decimal, decimals: int = _PRICE_DECIMALS) -> None:
    if not isinstance(amount, Decimal):
        raise PriceError(f"{what} is {amount!r}, must be a decimal")
    if not amount.is_finite() or not 0 <= amount <= most:
        raise PriceError(f"{what} is {amount}, must be from 0 to {most}")
    exponent = amount.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > decimals:
        raise PriceError(f"{what} is {amount}, must have at most {decimals} decimals")
