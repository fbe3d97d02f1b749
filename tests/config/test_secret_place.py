"""What all places of secrets have in common; what each wants besides is tested with it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from sidecar.config.otel import HeadersSource
from sidecar.config.secret_place import SecretPlace
from sidecar.config.token_source import TokenSource
from sidecar.errors import SettingsError

SECRET = "k" * 40
EACH = pytest.mark.parametrize("kind", [TokenSource, HeadersSource])


@EACH
def test_variable_or_file_is_read_without_the_space_around(kind: type[SecretPlace], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f" {SECRET}\n")
    assert kind(env="OURS").read({"OURS": f"{SECRET} "}) == SECRET
    assert kind(file=str(tmp_path / "secret")).read({}) == SECRET


@EACH
@pytest.mark.parametrize("places", [{}, {"env": "OURS", "file": "ours"}, {"env": f"{SECRET}!"}, {"env": 7}])
def test_no_place_or_two_or_the_secret_itself__refused_and_not_repeated(
    kind: type[SecretPlace], places: dict[str, object]
) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.model_validate(places)
    assert SECRET not in str(refused.value)


@EACH
def test_place_is_empty__the_fault_names_setting_and_place(kind: type[SecretPlace]) -> None:
    with pytest.raises(SettingsError) as fault:
        kind(env="OURS").read({"OURS": " "})
    assert str(fault.value).startswith(f"{kind.KEY}.env: OURS ")
