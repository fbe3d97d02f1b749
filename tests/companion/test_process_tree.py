import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.companion import process_tree
from sidecar.companion.process_tree import (
    Process,
    dead_children,
    holding,
    living_descendants,
    processes,
    sockets_to,
)

CONNECTS = (
    "import socket, sys; kept = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(flush=True); input()"
)


def test_living_are_those_below__however_deep_and_whoever_of_them_has_ended() -> None:
    known = [
        Process(2, 1, False),
        Process(3, 2, True),
        Process(4, 3, False),
        Process(5, 1, False),
        Process(9, 8, False),
    ]
    assert living_descendants(1, known) == {2, 4, 5}
    assert living_descendants(8, known) == {9}
    assert dead_children(2, known) == {3}


def test_process_that_claims_to_be_its_own_parent_ends_nobody() -> None:
    assert living_descendants(1, [Process(1, 1, False)]) == {1}


def test_every_process_is_seen_with_its_parent() -> None:
    known = {process.pid: process for process in processes()}
    assert known[os.getpid()].parent == os.getppid()
    assert not known[os.getpid()].has_ended


def test_name_with_parentheses_and_spaces_is_read_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a ) Z 9 (b) S 3 7 7 0")
    (tmp_path / "self").mkdir()
    monkeypatch.setattr(process_tree, "PROC", tmp_path)
    assert list(processes()) == [Process(7, 3, False)]


def test_without_proc_there_is_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "PROC", tmp_path / "nowhere")
    assert list(processes()) == []
    assert sockets_to(1) == set()


def test_who_holds_a_connection_to_a_port_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        caller = subprocess.Popen(
            [sys.executable, "-S", "-c", CONNECTS, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert caller.stdout is not None
        caller.stdout.readline()
        assert holding([caller.pid, os.getpid()], sockets_to(port)) == {caller.pid}
        assert holding([caller.pid], set()) == set()
        caller.communicate(b"\n")
        assert holding([caller.pid], sockets_to(port)) == set()


def test_orphans_of_a_descendant_come_to_a_subreaper() -> None:
    script = """
import os, subprocess
from sidecar.companion.process_tree import become_subreaper, living_descendants, processes
assert become_subreaper()
out = subprocess.run(["sh", "-c", "sleep 60 >/dev/null & echo $!"], stdout=subprocess.PIPE, text=True).stdout
pid = int(out)
print(pid in living_descendants(os.getpid(), processes()))
os.kill(pid, 9)
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "True\n"
