"""Downloads from a real server on loopback that cuts, changes and lies."""

import io
import json
import random
from pathlib import Path

import pytest
from file_server import FileServer, serving
from rich.console import Console

from reasoning_occ import download, progress
from reasoning_occ.download import fetch
from reasoning_occ.errors import UserError

CONTENT = random.Random(0).randbytes(300_000)
MOST = 1_000_000


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def server():
    with serving(FileServer(CONTENT)) as running:
        yield running


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "archive.zip"


def whole(target: Path, content: bytes = CONTENT) -> bool:
    """Whether the file is there as it shall be, and nothing beside it."""
    return target.read_bytes() == content and list(target.parent.iterdir()) == [target]


def test_a_file_comes_whole_and_alone(server, target):
    fetch(server.url, target, "it", MOST)
    assert whole(target) and server.parts == [(None, 200)]


def test_after_cuts_it_goes_on_where_it_was(server, target):
    server.cuts = [100_000, 0, 70_000]
    fetch(server.url, target, "it", MOST)
    # the second connection brought nothing and the third a part
    assert whole(target)
    assert server.parts == [(None, 200), ("bytes=100000-", 206), ("bytes=100000-", 206), ("bytes=170000-", 206)]
    assert {headers.get("If-Range") for headers, _ in server.asked} == {None, '"one"'}


def test_a_later_start_goes_on_too(server, target):
    server.cuts = [150_000] + [0] * download.TRIES
    with pytest.raises(UserError, match=r"it could not be downloaded from http.*zip after 0\.1 MB: .* too early"):
        fetch(server.url, target, "it", MOST)
    assert not target.exists()
    fetch(server.url, target, "it", MOST)
    assert whole(target) and server.parts[-1] == ("bytes=150000-", 206)


def test_what_changed_between_two_parts_is_taken_anew(server, target):
    server.cuts = [100_000] + [0] * download.TRIES
    with pytest.raises(UserError):
        fetch(server.url, target, "it", MOST)
    server.content, server.etag = CONTENT[::-1], '"two"'
    fetch(server.url, target, "it", MOST)
    assert whole(target, CONTENT[::-1]) and server.parts[-1] == ("bytes=100000-", 200)


def test_a_server_that_gives_a_part_of_another_version_is_not_believed(server, target):
    server.cuts = [100_000] + [0] * download.TRIES
    with pytest.raises(UserError):
        fetch(server.url, target, "it", MOST)
    note = target.with_name("archive.zip.part.json")
    # If-Range names what the server knows, but the part was of another size
    note.write_text(json.dumps(json.loads(note.read_text()) | {"size": 299_000}))
    fetch(server.url, target, "it", MOST)
    assert whole(target) and server.parts[-2:] == [("bytes=100000-", 206), (None, 200)]


@pytest.mark.parametrize(
    ("changes", "resumed"),
    [
        ({"etag": "", "modified": "Tue, 20 May 2025 10:00:00 GMT"}, ("bytes=100000-", 206)),
        # a weak tag may stand for other bytes, and without any there is no telling
        ({"etag": 'W/"one"'}, (None, 200)),
        ({"etag": ""}, (None, 200)),
        ({"ranges": False}, ("bytes=100000-", 200)),
    ],
)
def test_what_a_server_says_of_versions(server, target, changes, resumed):
    for name, value in changes.items():
        setattr(server, name, value)
    server.cuts = [100_000]
    fetch(server.url, target, "it", MOST)
    assert whole(target) and server.parts[-1] == resumed


def test_another_address_is_another_file(server, target):
    server.cuts = [100_000] + [0] * download.TRIES
    with pytest.raises(UserError):
        fetch(server.url, target, "it", MOST)
    fetch(f"{server.url}?other", target, "it", MOST)
    assert whole(target) and server.parts[-1] == (None, 200)


def test_a_size_that_is_not_kept_to_is_no_file(server, target):
    server.longer = 10
    with pytest.raises(UserError, match=r"after 0\.3 MB: the connection ended too early"):
        fetch(server.url, target, "it", MOST)
    assert not target.exists()


def test_a_part_longer_than_the_file_is_thrown_away(server, target):
    server.cuts = [100_000] + [0] * download.TRIES
    with pytest.raises(UserError):
        fetch(server.url, target, "it", MOST)
    with open(target.with_name("archive.zip.part"), "ab") as part:
        part.write(bytes(300_000))
    fetch(server.url, target, "it", MOST)
    assert whole(target) and server.parts[-1] == (None, 200)


def test_a_part_that_is_whole_is_not_asked_for_again(server, target):
    fetch(server.url, target, "it", MOST)
    target.rename(target.with_name("archive.zip.part"))
    version = {"url": server.url, "size": len(CONTENT), "validator": '"one"'}
    target.with_name("archive.zip.part.json").write_text(json.dumps(version))
    fetch(server.url, target, "it", MOST)
    assert whole(target) and len(server.asked) == 1


@pytest.mark.parametrize("sized", [True, False])
def test_more_than_is_wanted_is_not_taken(server, target, sized):
    server.sized = sized
    with pytest.raises(UserError, match=r"299,999 expected"):
        fetch(server.url, target, "it", 299_999)
    assert not target.exists()


def test_without_a_size_the_end_is_the_end(server, target):
    server.sized = False
    fetch(server.url, target, "it", MOST)
    assert whole(target)


def test_an_answer_that_is_no_file_is_told_at_once(server, target):
    server.statuses = [404]
    with pytest.raises(UserError, match=r"http://127.*zip was answered with 404 Not Found"):
        fetch(server.url, target, "it", MOST)
    assert len(server.asked) == 1


def test_a_busy_server_is_asked_again_a_few_times(server, target):
    server.statuses = [503, 429]
    fetch(server.url, target, "it", MOST)
    assert whole(target)
    target.unlink()
    server.statuses, server.asked = [503] * 50, []
    with pytest.raises(UserError, match="answered with 503"):
        fetch(server.url, target, "it", MOST)
    assert len(server.asked) == download.TRIES


def test_no_server_is_told_at_once(target, monkeypatch):
    monkeypatch.setattr(download, "PAUSE", 60)
    with serving(FileServer()) as gone:
        pass
    with pytest.raises(UserError, match=r"could not be downloaded from http://127.*refused"):
        fetch(gone.url, target, "it", MOST)


def test_a_folder_that_cannot_be_written_is_told(server):
    with pytest.raises(UserError, match="Could not write"):
        fetch(server.url, Path("/proc/archive.zip"), "it", MOST)


def test_a_bar_shows_how_much_there_is(server, target, monkeypatch):
    told = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=told, width=80))
    fetch(server.url, target, "it", MOST)
    assert "Downloading it" in told.getvalue() and "300/300 KB" in told.getvalue()
