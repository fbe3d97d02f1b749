import io
from decimal import Decimal

from rich.console import Console

from sidecar.companion.picture import MOST_SHOWN, fitted, in_a_line, picture
from sidecar.companion.waiting_for import Orphan, Typical
from sidecar.lifecycle.operation import OperationState

CALL = Orphan(upstream="gemini", model="gemini-2.5-pro", kind="unary", seconds=4.0)
RESPONSE = Orphan(
    upstream="openai", model="gpt-5-mini", kind="background", state=OperationState.CANCELLING, seconds=9.0
)


def drawn(*shown: tuple[Orphan, Typical]) -> list[str]:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(picture("head", shown))
    return captured.get().splitlines()


def test_each_has_a_line_of_at_most_80_columns() -> None:
    lines = drawn((CALL, Typical(10.0, Decimal("0.5"))), (RESPONSE, Typical()))
    assert lines[0] == "head"
    assert all(word in lines[1] for word in ("gemini-2.5-pro", "unary", "4.0 s", "~6.0 s left", "~0.2000 USD"))
    assert all(word in lines[2] for word in ("gpt-5-mini", "background", "9.0 s", "cancelling"))
    assert "USD" not in lines[2]
    assert "Ctrl-C stops waiting" in lines[-1]
    assert max(map(len, lines)) <= 80


def test_what_is_known_of_this_one_stands_above_what_is_typical() -> None:
    counted = Orphan(upstream="gemini", model="gemini-2.5-pro", kind="stream", seconds=4.0, usd=Decimal("0.3"))
    assert "~0.3000 USD" in drawn((counted, Typical(10.0, Decimal("0.5"))))[1]


def test_very_many_are_counted() -> None:
    lines = drawn(*[(CALL, Typical())] * (MOST_SHOWN + 4))
    assert "and 4 more" in lines[-2]
    assert len(lines) == MOST_SHOWN + 3


def test_name_cannot_move_the_cursor_or_the_columns() -> None:
    assert fitted("a\x1b[2Jb") == "a?[2Jb"
    assert len(fitted("m" * 200)) == 21


def test_in_a_line_the_oldest_is_named() -> None:
    assert in_a_line("it ended", [(CALL, Typical())]) == "it ended: 1 call still runs, gemini-2.5-pro for 4.0 s"
    told = in_a_line("it ended", [(CALL, Typical()), (RESPONSE, Typical())])
    assert told == "it ended: 1 call and 1 operation still run, the oldest, gpt-5-mini, for 9.0 s"
