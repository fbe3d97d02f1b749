"""`sidecar reprice`: what the calls of the ledger cost by the prices of today's settings."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TextIO

from msgspec.structs import asdict

from sidecar.cli.loading import load_settings
from sidecar.cli.money import amount
from sidecar.cli.output import new_table, print_table, printable, standard_output
from sidecar.cli.reading import reader_of
from sidecar.cli.rows import write_object
from sidecar.clock import rfc3339
from sidecar.config.prices import overrides_of
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.repricing import Sums, reprice
from sidecar.metering.money import plain, plus
from sidecar.metering.price import PriceBook

HEADS = ("CALLS", "CHANGED", "SPEND BEFORE", "SPEND AFTER", "ORPHANED BEFORE", "ORPHANED AFTER")


def reprice_calls(query: CallQuery, format: str, config: str | None, ledger: str | None, *, is_dry_run: bool) -> None:
    """Price the calls asked for anew, and print the sums before and after."""
    reader = reader_of(config, ledger)
    settings = load_settings(config, {}).settings
    book = PriceBook(overrides_of(settings.prices, settings.upstreams))
    sums = reprice(reader.calls(query), book, None if is_dry_run else reader.place)
    with standard_output() as file:
        if format == "json":
            write_object(_as_object(query, sums, is_dry_run), file)
        else:
            print_sums(sums, is_dry_run, file)


def total_of(sums: Mapping[str, Sums]) -> Sums:
    """The sums of all models."""
    total = Sums()
    for each in sums.values():
        for name, figure in asdict(each).items():
            before = getattr(total, name)
            setattr(total, name, plus(before, figure) if isinstance(figure, Decimal) else before + figure)
    return total


def in_order(sums: Mapping[str, Sums]) -> Sequence[tuple[str, Sums]]:
    """By how much the spend is another now, then by the spend."""
    return sorted(sums.items(), key=lambda each: (-_difference(each[1]), -each[1].spend_after_usd, each[0]))


def _difference(sums: Sums) -> Decimal:
    return abs(sums.spend_after_usd - sums.spend_before_usd)


def print_sums(sums: Mapping[str, Sums], is_dry_run: bool, file: TextIO) -> None:
    """A line for each model, and what was done in words."""
    if not sums:
        file.write("no settled calls\n")
        return
    total = total_of(sums)
    table = new_table()
    table.add_column("MODEL", overflow="ellipsis")
    for head in HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for model, each in in_order(sums):
        table.add_row(printable(model or "(unknown)"), *_cells(each))
    if len(sums) > 1:
        table.add_row("total", *_cells(total), style="bold")
    print_table(table, file)
    file.write("\n")
    file.writelines(f"{sentence}\n" for sentence in closing(total, is_dry_run))


def _cells(sums: Sums) -> tuple[str, ...]:
    money = (sums.spend_before_usd, sums.spend_after_usd, sums.orphaned_before_usd, sums.orphaned_after_usd)
    return (str(sums.calls), str(sums.changed), *(amount(usd) for usd in money))


def closing(total: Sums, is_dry_run: bool) -> list[str]:
    """What was done, in plain words."""
    verb = "would change" if is_dry_run else "changed"
    sentences = [f"{total.changed} of {total.calls} calls {verb}."]
    if total.priced:
        sentences.append(f"{total.priced} of them had no price before.")
    if total.unpriced:
        sentences.append(f"{total.unpriced} of them {'has' if total.unpriced == 1 else 'have'} no price any more.")
    if total.left_alone == 1:
        sentences.append("1 call was left alone: its row does not say what it used.")
    elif total.left_alone:
        sentences.append(f"{total.left_alone} calls were left alone: their rows do not say what they used.")
    return sentences


def _as_object(query: CallQuery, sums: Mapping[str, Sums], is_dry_run: bool) -> Mapping[str, object]:
    return {
        "since": None if query.since is None else rfc3339(query.since),
        "until": None if query.until is None else rfc3339(query.until),
        "dry_run": is_dry_run,
        "models": [{"model": model, **_figures(each)} for model, each in in_order(sums)],
        "total": _figures(total_of(sums)),
    }


def _figures(sums: Sums) -> Mapping[str, object]:
    figures = asdict(sums)
    return {name: plain(figure) if isinstance(figure, Decimal) else figure for name, figure in figures.items()}
