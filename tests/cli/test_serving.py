"""`sidecar serve`, as a process."""

import re
import signal
import socket

from sidecar.cli import OK, USAGE


def test_serve__says_where_it_is_and_ends_in_order(start, empty_folder):
    anywhere = [flag for name in ("proxy", "control", "observe") for flag in (f"--{name}-listen", "127.0.0.1:0")]
    child = start("serve", *anywhere, "--ledger", "sqlite:///calls.db", "--mode", "enforce")
    said = b"".join(iter(child.stderr.readline, b"  ledger    calls.db, rows are kept 30 days\n")).decode()
    assert said.startswith("sidecar: note: mode is enforce: operations of kind")
    assert re.search(r"export GOOGLE_GEMINI_BASE_URL=http://127\.0\.0\.1:[1-9]\d*/gemini\n", said)
    child.send_signal(signal.SIGTERM)
    assert child.wait() == OK
    assert (empty_folder / "calls.db").exists()


def test_address_that_is_taken__one_sentence_and_exit_2(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        child = start(
            "serve", "--proxy-listen", address, "--control-listen", "127.0.0.1:0", "--observe-listen", "127.0.0.1:0"
        )
        _, err = child.communicate()
    assert child.returncode == USAGE
    assert address in err.decode()
    assert "Traceback" not in err.decode()


def test_interception_without_an_authority__says_how_to_make_one_and_exit_2(sidecar, empty_folder):
    (empty_folder / "sidecar.yaml").write_text("proxy: {connect: {intercept: true}, ca_directory: ca}")
    said = (
        "sidecar: sidecar.yaml:1: proxy.connect.intercept: there is no authority in ca; make one: sidecar ca create\n"
    )
    assert sidecar("serve") == (USAGE, "", said)
