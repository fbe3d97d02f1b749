"""A look at what says where a socket is finds it where all settings would."""

import pytest

from sidecar.cli.finding import CONTROL, OBSERVE, Place, find, find_token
from sidecar.cli.loading import load_settings
from sidecar.config.addresses import Address
from sidecar.config.problems import BadSettings
from sidecar.config.settings import Settings
from sidecar.errors import SettingsError


@pytest.mark.parametrize("place", [CONTROL, OBSERVE])
def test_the_usual_address_is_the_settings_default(place: Place):
    assert getattr(Settings(), place.group).listen == place.usual


@pytest.mark.parametrize("place", [CONTROL, OBSERVE])
@pytest.mark.parametrize(
    "file", ["", "{}", "mode: enforce", "control: {allow_quit: true}\nobserve: {}", "control:\nobserve: {}"]
)
def test_nothing_says_it__the_usual_one(empty_folder, place: Place, file: str):
    (empty_folder / "sidecar.yaml").write_text(file)
    assert find(place, None, None) == place.usual


LISTEN = 'control: {listen: "127.0.0.1:9"}\n'


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        (LISTEN, {}),
        ("control: {<<: {listen: '127.0.0.1:9'}}\n", {}),
        (LISTEN, {"SIDECAR_CONTROL__LISTEN": "127.0.0.1:8"}),
        (LISTEN, {"SIDECAR_CONTROL__LISTEN": ""}),
        (LISTEN, {"SIDECAR_CONTROL": "{listen: '[::1]:7'}"}),
        (LISTEN, {"SIDECAR_CONTROL": "{listen: '[::1]:7'}", "SIDECAR_CONTROL__LISTEN": "127.0.0.1:6"}),
        (LISTEN, {"SIDECAR_CONTROL": "{allow_quit: true}"}),
        (LISTEN, {"SIDECAR_CONFIG": "other.yaml"}),
        ("control: {listen: localhost:5}\n", {}),
        ("control: {listen: '127.0.0.1:0005'}\n", {}),
    ],
)
@pytest.mark.parametrize("config", [None, "other.yaml"])
def test_it_is_where_the_settings_say(
    empty_folder, monkeypatch, file: str, variables: dict[str, str], config: str | None
):
    (empty_folder / "sidecar.yaml").write_text(file)
    (empty_folder / "other.yaml").write_text('mode: enforce\ncontrol: {listen: "127.0.0.1:11"}\n')
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert find(CONTROL, None, config) == load_settings(config, {}).settings.control.listen


@pytest.mark.parametrize(
    ("listen", "reached"), [("0.0.0.0:8781", "127.0.0.1:8781"), ("[::]:1", "[::1]:1"), ("10.0.0.7:1", "10.0.0.7:1")]
)
def test_every_address_of_the_machine_is_asked_by_loopback(monkeypatch, listen: str, reached: str):
    monkeypatch.setenv("SIDECAR_OBSERVE__LISTEN", listen)
    assert str(find(OBSERVE, None, None)) == reached


def test_a_setting_that_was_broken_since_the_start_does_not_hide_a_socket(empty_folder):
    (empty_folder / "sidecar.yaml").write_text(f"mode: nonsense\n{LISTEN}")
    assert find(CONTROL, None, None) == Address("127.0.0.1", 9)


@pytest.mark.parametrize(
    "file",
    [
        "control: {listen: 9}", "control: 7", "control: {listen: null}", "- control", "control: {listen: here}",
        "control: {", "\x00", "control: {listen: 0.0.0.0:9}\ncontrol: {}\nnone: 1\n&a : *b",
    ],
)  # fmt: skip
def test_what_can_not_be_seen_is_read_by_the_settings__which_say_what_is_wrong(empty_folder, file: str):
    (empty_folder / "sidecar.yaml").write_text(file)
    with pytest.raises(BadSettings):
        find(CONTROL, None, None)


@pytest.mark.parametrize("config", ["none.yaml", "."])
def test_a_file_that_was_named_and_can_not_be_read__error(config: str):
    with pytest.raises(BadSettings, match="can't read"):
        find(OBSERVE, None, config)


@pytest.mark.parametrize("place", [CONTROL, OBSERVE])
def test_port_0_names_no_sidecar(monkeypatch, place: Place):
    monkeypatch.setenv(f"SIDECAR_{place.group.upper()}__LISTEN", "127.0.0.1:0")
    sentence = rf"^{place.group}\.listen: port 0 is another one at each start; name the address by {place.flag}$"
    with pytest.raises(SettingsError, match=sentence):
        find(place, None, None)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:9/"])
def test_a_flag_stands_above_the_settings(monkeypatch, url: str):
    monkeypatch.setenv("SIDECAR_CONTROL__LISTEN", "127.0.0.1:1")
    assert find(CONTROL, url, None) == Address("127.0.0.1", 9)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9", "https://127.0.0.1:9", "http://127.0.0.1", "http://h:x", "http://h:9/x", "http://[h:9", ""]
)
def test_what_is_no_address_is_refused(url: str):
    with pytest.raises(
        SettingsError, match=r"^--observe: .* is no address of a sidecar; write http://127\.0\.0\.1:8781$"
    ):
        find(OBSERVE, url, None)


def test_a_unix_socket_is_found(empty_folder, monkeypatch):
    (empty_folder / "sidecar.yaml").write_text("control: {listen: 'unix:/run/a.sock'}\n")
    assert find(CONTROL, None, None) == Address("unix:/run/a.sock", 0)
    assert find(CONTROL, "unix:/run/b.sock", None) == Address("unix:/run/b.sock", 0)
    monkeypatch.setenv("SIDECAR_CONTROL__LISTEN", "unix:/run/c.sock")
    assert find(CONTROL, None, None) == Address("unix:/run/c.sock", 0)


def test_probes_are_never_at_a_unix_socket(empty_folder):
    with pytest.raises(SettingsError, match=r"--observe: 'unix:/run/a\.sock' is no address of a sidecar"):
        find(OBSERVE, "unix:/run/a.sock", None)


TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("file", "variables"),
    [
        ("control: {token: {env: OURS}}", {}),
        ("control: {token: {file: token}}", {}),
        ("", {"SIDECAR_CONTROL__TOKEN__ENV": "OURS"}),
        ("", {"SIDECAR_CONTROL__TOKEN": "{env: OURS}"}),
        ("mode: enforce", {"SIDECAR_CONTROL": "{token: {env: OURS}}"}),
    ],
)
def test_token_is_found_wherever_settings_name_it(empty_folder, monkeypatch, file: str, variables: dict[str, str]):
    (empty_folder / "sidecar.yaml").write_text(f"{file}\n")
    (empty_folder / "token").write_text(TOKEN)
    for name, text in {"OURS": TOKEN, **variables}.items():
        monkeypatch.setenv(name, text)
    assert find_token(None) == TOKEN


@pytest.mark.parametrize("file", [None, "", "mode: nonsense", "control: {allow_quit: true}"])
def test_no_token_is_named__none__and_settings_are_not_read(empty_folder, file: str | None):
    if file is not None:
        (empty_folder / "sidecar.yaml").write_text(file)
    assert find_token(None) is None


def test_token_that_is_not_where_settings_say__error_that_names_the_place(empty_folder):
    (empty_folder / "sidecar.yaml").write_text("control: {token: {env: OURS}}\n")
    with pytest.raises(SettingsError, match=r"control\.token\.env: OURS holds no token"):
        find_token(None)
