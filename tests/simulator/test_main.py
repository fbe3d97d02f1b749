"""The simulator as a process."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

from sidecar.simulator.__main__ import settings_from
from sidecar.simulator.script import OnClose
from tests.certificates import Certificate


def test_flags__become_settings():
    settings = settings_from(["--port", "7", "--script", "seconds=2 on_close=stops", "--tokens-per-second", "10"])
    assert (settings.port, settings.tokens_per_second) == (7, 10.0)
    assert (settings.script.seconds, settings.script.on_close) == (2.0, OnClose.STOPS)


def test_keys__are_let_in():
    assert settings_from(["--key", "a", "--key", "b"]).keys == frozenset({"a", "b"})
    assert settings_from([]).keys is None


def test_certificate__becomes_tls(certificate: Certificate):
    flags = ["--certificate-file", certificate.certificate_file, "--key-file", certificate.key_file]
    assert settings_from(flags).scheme == "https"
    assert settings_from([]).scheme == "http"


def test_a_script_that_is_none__exit_2_with_the_reason(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        settings_from(["--script", "colour=red"])
    assert caught.value.code == 2
    assert "colour" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process__says_where_it_is_and_ends_when_asked(number: signal.Signals):
    with subprocess.Popen([sys.executable, "-m", "sidecar.simulator"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{address['url']}/simulator/bill", timeout=30) as reply:
            assert json.load(reply) == {"entries": [], "total_usd": "0"}
        process.send_signal(number)
        assert process.wait(30) == 0
