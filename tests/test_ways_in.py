"""What the road is told of TLS and tunnels; that both work is tried with real clients (end_to_end/test_interception.py)."""

import ssl
from pathlib import Path

import pytest

from sidecar.app import Application
from sidecar.authority.authority import Authority
from sidecar.authority.files import AuthorityError
from sidecar.clock import SystemClock
from sidecar.config.settings import Settings
from sidecar.ways_in import ports_of

pytestmark = pytest.mark.anyio
ANY_PORT = {"listen": "127.0.0.1:0"}


def settings_for(directory: Path, **proxy: object) -> Settings:
    """Of a sidecar whose authority would be in the directory."""
    return Settings.model_validate({
        "proxy": {**ANY_PORT, "ca_directory": str(directory / "ca"), **proxy}, "control": ANY_PORT, "observe": ANY_PORT,
        "log": {"level": "error"}, "ledger": {"url": f"sqlite:///{directory}/ledger.db"},
    })  # fmt: skip


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.create(tmp_path / "ca", ["api.openai.com", "localhost"], SystemClock(), variables={})


async def built(settings: Settings, authority: Authority | None = None) -> Application:
    application = Application(settings, None, authority)
    await application.start()
    await application.stop()
    return application


async def test_nothing_is_set__plain_http_alone(tmp_path: Path) -> None:
    context = (await built(settings_for(tmp_path)))._context
    assert context.tls is None
    assert context.authority is None


async def test_local_tls__callers_are_shown_a_leaf_and_no_tunnel_is_read(tmp_path: Path, authority: Authority) -> None:
    context = (await built(settings_for(tmp_path, tls={"local": True, "names": ["localhost"]})))._context
    assert context.tls is not None
    assert isinstance(context.tls(), ssl.SSLContext)
    assert context.authority is None


async def test_interception__tunnels_are_read_by_the_authority_of_the_settings(
    tmp_path: Path, authority: Authority
) -> None:
    context = (await built(settings_for(tmp_path, connect={"intercept": True})))._context
    assert context.authority is not None
    assert context.authority.ends_at == authority.ends_at


async def test_authority_of_a_run_stands_in_for_that_of_the_settings(tmp_path: Path) -> None:
    own = Authority.in_memory(["api.openai.com"], SystemClock())
    context = (await built(settings_for(tmp_path, connect={"intercept": True}), own))._context
    assert context.authority is own


async def test_interception_without_an_authority__said_before_anything_is_bound(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError):
        Application(settings_for(tmp_path, connect={"intercept": True}))


async def test_no_tunnel_leads_to_our_own_sockets(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path))
    addresses = await application.start()
    try:
        assert application._context.own_ports == {int(url.rpartition(":")[2]) for url in addresses.values()}
    finally:
        await application.stop()


def test_socket_in_a_file_has_no_port() -> None:
    assert ports_of({"control": "unix:/run/a.sock", "proxy": "http://[::1]:8780"}) == {8780}
