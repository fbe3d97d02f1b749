"""Credentials out of a variable and a file."""

import pytest

from sidecar.reaper.credentials_source import File, NoCredential, Variable

pytestmark = pytest.mark.anyio

KEY = ((b"x-goog-api-key", b"canary"),)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "key"


async def refusal(source):
    with pytest.raises(NoCredential) as why:
        await source.credential()
    assert "canary" not in str(why.value)
    return str(why.value)


async def test_variable_is_read_when_it_is_needed(monkeypatch):
    source = Variable("MY_KEY", "gemini")
    assert await refusal(source) == "env MY_KEY holds nothing; set it to the key, and start the sidecar with it"
    monkeypatch.setenv("MY_KEY", "canary")
    found = await source.credential()
    assert (found.fields, found.source) == (KEY, "env MY_KEY")


async def test_file_is_read_without_what_stands_around_the_key(path):
    path.write_text("\n canary \n")
    found = await File(str(path), "gemini").credential()
    assert (found.fields, found.source) == (KEY, f"file {path}")


async def test_file_is_read_again_when_it_has_changed(path):
    path.write_text("old")
    source = File(str(path), "vertex")
    assert (await source.credential()).fields == ((b"authorization", b"Bearer old"),)
    path.with_suffix(".new").write_text("new")
    path.with_suffix(".new").replace(path)
    assert (await source.credential()).fields == ((b"authorization", b"Bearer new"),)


async def test_file_that_has_not_changed_is_not_read_again(path, monkeypatch):
    path.write_text("old")
    source = File(str(path), "vertex")
    await source.credential()
    monkeypatch.setattr("sidecar.reaper.credentials_source.MOST_BYTES", 0)
    assert (await source.credential()).fields == ((b"authorization", b"Bearer old"),)


async def test_file_that_is_not_there__says_so_until_it_is(path):
    source = File(str(path), "gemini")
    assert await refusal(source) == (
        f"file {path} can't be read: no such file or directory; write the key into it, or name another"
    )
    path.write_text("canary")
    assert (await source.credential()).fields == KEY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds nothing"),
        (" \n\t", "holds nothing"),
        ('{"type": "service_account", "private_key": "canary"}', "holds JSON, as a service account's file does"),
        ("canary\r\nX-Evil: 1", "holds more than one line"),
        ("canary\0", "holds more than one line"),
        ("canäry canary", "holds more than one line"),
    ],
)
async def test_what_is_no_key_is_not_sent_and_not_repeated(path, text, problem):
    path.write_text(text)
    assert f"file {path} {problem}" in await refusal(File(str(path), "gemini"))


async def test_folder_is_no_file(tmp_path):
    assert "can't be read: is a directory" in await refusal(File(str(tmp_path), "gemini"))
