"""The live page's files, as they are served."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidecar.control.page import FOLDER, TYPES, is_of_the_page, page_files
from sidecar.control.people import control_app
from sidecar.control.server import AppServer

Ask = Callable[..., Any]
IMPORT = re.compile(r"""(?:from|import)\s+['"](\./[^'"]+)['"]""")


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


def test_page_is_html_that_may_load_what_comes_from_here_and_nothing_else(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = reply.headers["content-security-policy"]
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
    assert reply.headers["cache-control"] == "no-cache"


def test_every_file_is_served_as_what_it_is(server: AppServer, ask: Ask):
    for name, file in page_files().items():
        reply = ask(server, "GET", f"/page/{name}")
        assert (reply.status, reply.body) == (200, file.body)
        assert reply.headers["content-type"].split(";")[0] == TYPES[Path(name).suffix].split(";")[0]


def test_every_module_finds_what_it_imports():
    files = page_files()
    for name, file in files.items():
        if name.endswith(".mjs"):
            for found in IMPORT.findall(file.body.decode()):
                assert (Path(name).parent / found).as_posix() in files, (name, found)


def test_reader_who_has_it_is_told_that_nothing_has_changed(server: AppServer, ask: Ask):
    etag = ask(server, "GET", "/").headers["etag"]
    again = ask(server, "GET", "/", If_None_Match=f'"other", {etag}')
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    assert ask(server, "GET", "/", If_None_Match='"other"').status == 200


def test_head_is_answered_without_a_body(server: AppServer, ask: Ask):
    assert (ask(server, "HEAD", "/").status, ask(server, "HEAD", "/").body) == (200, b"")


@pytest.mark.parametrize(
    "name", ["none.mjs", "../guard.py", "..%2fguard.py", "%2e%2e/guard.py", "/etc/passwd", "vendor", "", "."]
)
def test_nothing_else_is_served(server: AppServer, ask: Ask, name: str):
    assert ask(server, "GET", f"/page/{name}").status == 404


def test_files_that_are_not_of_a_page_are_left_out(tmp_path: Path):
    for name in ("a.mjs", "b.py", "c.mjs.map", ".env"):
        (tmp_path / name).write_text("x")
    (tmp_path / "d.css").mkdir()
    assert list(page_files(tmp_path)) == ["a.mjs"]


def test_page_that_is_not_there__404(
    monkeypatch: pytest.MonkeyPatch, sidecar: Any, serve: Any, ask: Ask, tmp_path: Path
):
    monkeypatch.setattr("sidecar.control.people.page_files", lambda: page_files(tmp_path))
    assert ask(serve(control_app(sidecar, "127.0.0.1")), "GET", "/").status == 404


@pytest.mark.parametrize(
    ("path", "is_one"),
    [("/", True), ("/page/app.mjs", True), ("/page", False), ("/api/state", False), ("/pages/x", False)],
)
def test_which_paths_are_the_pages(path: str, is_one: bool):
    assert is_of_the_page(path) is is_one


def test_everything_in_the_folder_is_served_or_known_not_to_be():
    unserved = {path.suffix for path in FOLDER.rglob("*") if path.is_file()} - set(TYPES)
    assert unserved <= {".md"}
