"""Threat 20: prices that can't be meant are refused by name, and nobody but the settings file and the package changes any."""

import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.config.file_notes import file_notes
from sidecar.config.load import load
from sidecar.config.problems import BadSettings

POISONED = {
    "negative": ("input_per_mtok_usd: -1", "must be at least 0"),
    "huge": ("input_per_mtok_usd: 10001", "must be from 0 to 10000"),
    "huge, as an exponent": ("input_per_mtok_usd: 1e999999", "must be from 0 to 10000"),
    "no number": ("input_per_mtok_usd: .nan", "is not a number"),
    "infinite": ("input_per_mtok_usd: .inf", "is not a number"),
    "in words": ("input_per_mtok_usd: lots", "is not a number"),
    "with a currency": ("input_per_mtok_usd: 3 EUR", "is not a number"),
    "per token": ("input_per_mtok_usd: 0.00000000015", "at most 9 decimals"),
    "unit of nobody": ("input_per_ktok_usd: 1", "unknown key; did you mean input_per_mtok_usd?"),
    "a list": ("input_per_mtok_usd: [1, 2]", "is not a number"),
    "twice": ("input_per_mtok_usd: 1, input_per_mtok_usd: 2", "stands twice"),
    "free and dear": ("free: true, image_usd: 1", "image_usd is a price"),
    "machine code": (
        "input_per_mtok_usd: !!python/object/apply:os.system ['true']",
        "a list is not a number",
    ),
}


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / "sidecar.yaml"


@pytest.mark.parametrize("poison", POISONED)
def test_price_that_cannot_be_meant__refused_with_its_place(settings: Path, poison: str) -> None:
    keys, problem = POISONED[poison]
    settings.write_text(f"prices:\n  overrides:\n    - {{model: gpt-5, {keys}}}\n")
    with pytest.raises(BadSettings) as refused:
        load({}, {}, str(settings))
    assert problem in str(refused.value)
    assert f"{settings}:3" in str(refused.value)


@pytest.mark.parametrize("most", ["0", "10000", "0.000000001"])
def test_price_at_a_bound__taken(settings: Path, most: str) -> None:
    settings.write_text(f"prices: {{overrides: [{{model: gpt-5, input_per_mtok_usd: {most}}}]}}\n")
    assert len(load({}, {}, str(settings)).settings.prices.overrides) == 1


def test_lines_that_stand_for_a_billion_prices__refused(settings: Path) -> None:
    lines = ["a0: &a0 [{model: x, image_usd: 1}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    settings.write_text("\n".join(lines) + "\nprices: {overrides: *a11}\n")
    with pytest.raises(BadSettings, match="holds more than 100,000 keys and values"):
        load({}, {}, str(settings))


def test_file_without_an_end__refused(settings: Path) -> None:
    settings.symlink_to("/dev/zero")
    with pytest.raises(BadSettings, match="has more than 1,048,576 characters"):
        load({}, {}, str(settings))


def test_file_that_everybody_may_write__said(settings: Path) -> None:
    settings.write_text("prices: {overrides: [{model: gpt-5, image_usd: 1}]}\n")
    settings.chmod(0o666)
    (said,) = file_notes(load({}, {}, str(settings)))
    assert "may be written by everybody" in said


def test_published_prices_are_those_of_the_package_and_are_not_updated() -> None:
    program = (
        "import sys\n"
        "from sidecar.config.load import load\n"
        "from sidecar.metering.token_prices import *\n"
        "from sidecar.cli.price_listing import *\n"
        "import sidecar.app\n"
        "print([name for name in sys.modules if name.startswith('genai_prices') and 'update' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
