"""O*NET's archive from a real server on loopback into a cache of the test's own."""

import hashlib
import io
import json
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from file_server import FileServer, serving
from onet_zip import CODE, TABLES, table, zipped

from reasoning_occ import download as downloads
from reasoning_occ.errors import UserError
from reasoning_occ.occupations import data_dir, onet, onet_archive
from reasoning_occ.occupations.onet_archive import Archive, here


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(data_dir.VARIABLE, raising=False)
    monkeypatch.setattr(data_dir, "CACHE", tmp_path / "no data sets")
    monkeypatch.setattr(downloads, "PAUSE", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def server():
    with serving(FileServer(zipped())) as running:
        yield running


def wanted(server: FileServer, **changes) -> Archive:
    return replace(Archive(True, server.url, None, 3), **changes)


def get(server: FileServer, **changes) -> Path:
    """As a job gets the tables."""
    archive = wanted(server, **changes)
    return here(None, archive) or onet_archive.download(None, archive)


def left(cache: Path) -> set[str]:
    """Names of all files in the cache but locks."""
    return {path.name for path in cache.rglob("*") if path.is_file() and path.name != ".lock"}


def test_the_tables_alone_are_unpacked_with_a_record(server, own_cache):
    tables = get(server)
    assert own_cache in tables.parents and left(own_cache) == {*TABLES, "record.json"}
    assert onet.taxonomy(tables).related("35-2014.00") == ("35-1011.00",)
    assert onet.job_zones(tables) == {"51-3011.00": 2}
    record = json.loads((tables / "record.json").read_text())
    assert (record["url"], record["sha256"]) == (server.url, hashlib.sha256(server.content).hexdigest())
    assert record["tables"]["Job Zones.txt"] == hashlib.sha256(table("Job Zones.txt").encode()).hexdigest()
    assert get(server) == tables and len(server.asked) == 1


def test_a_folder_of_ones_own_comes_first(server, tmp_path):
    (tmp_path / "sets" / "onet").mkdir(parents=True)
    assert here(str(tmp_path / "sets"), wanted(server)) == tmp_path / "sets" / "onet"
    (tmp_path / "others").mkdir()
    assert here(str(tmp_path / "others"), wanted(server)) is None
    assert not server.asked


def test_what_was_downloaded_and_changed_is_told(server):
    tables = get(server)
    with open(tables / "Alternate Titles.txt", "a") as file:
        file.write("51-3011.00\tBread maker\tn/a\t08\n")
    with pytest.raises(UserError, match=r"Alternate Titles\.txt has changed since it was downloaded\. Remove the fold"):
        get(server)
    (tables / "record.json").unlink()
    with pytest.raises(UserError, match=r"is damaged .*record\.json.*Remove the folder"):
        get(server)


def test_a_pinned_checksum(server, own_cache):
    right = hashlib.sha256(server.content).hexdigest().upper()
    with pytest.raises(UserError, match=r"its sha256 is [0-9a-f]{64}, not onet\.sha256=0000"):
        get(server, sha256="0" * 64)
    assert left(own_cache) == set()
    assert get(server, sha256=right)
    with pytest.raises(UserError, match=r"onet\.sha256=1111.*came from an archive whose sha256 is"):
        get(server, sha256="1" * 64)


def test_another_address_has_a_place_of_its_own(server):
    assert get(server) != get(server, url=f"{server.url}?other") and len(server.asked) == 2


def spoilt() -> bytes:
    """Bytes of a table's text changed in an archive that packs nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in TABLES:
            archive.writestr(name, table(name))
    return packed.getvalue().replace(b"Cooks, Restaurant", b"Crooks,Restaurant", 1)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<html>Moved</html>", "not a zip file"),
        (zipped()[:-200], "not a zip file"),
        (spoilt(), r"Bad CRC-32 for file 'Occupation Data\.txt'"),
        (zipped({"Job Zones.txt": None}), r"it holds 0 files 'Job Zones\.txt'"),
        (zipped({"more/Job Zones.txt": "x"}), r"it holds 2 files 'Job Zones\.txt'"),
        (zipped({"Related Occupations.txt": "A\tB\n1\t2\n"}), rf"no column '{CODE.replace('*', '.')}'"),
        (
            zipped({"Occupation Data.txt": table("Occupation Data.txt") + "1\tMore\t.\r\n"}),
            r"4 occ.*onet\.titles=3",
        ),
        (zipped({"Job Zones.txt": table("Job Zones.txt").replace("\t2\t", "\ttwo\t")}), "got 'two'"),
        (zipped({"Occupation Data.txt": table("Occupation Data.txt").encode() + b"\xff"}), "can't decode"),
    ],
)
def test_an_archive_that_is_not_what_was_expected_leaves_nothing(server, own_cache, content, told):
    good, server.content = server.content, content
    with pytest.raises(UserError, match=rf"data\.taxonomy=onet: what http.* is not the archive expected: .*{told}"):
        get(server)
    assert left(own_cache) == set()
    server.content, server.etag = good, '"two"'
    assert get(server)


def test_a_table_that_would_fill_the_disk_is_not_unpacked(server, own_cache, monkeypatch):
    monkeypatch.setattr(onet_archive, "MOST_TABLE", 1_000_000)
    server.content = zipped({"Job Zones.txt": "x" * 2_000_000})
    assert len(server.content) < 10_000
    with pytest.raises(UserError, match=r"'Job Zones\.txt' has 2,000,000 bytes, more than the 1,000,000 allowed"):
        get(server)
    assert left(own_cache) == set()


@pytest.mark.parametrize("below", ["", "../../../", "/tmp/elsewhere/", "C:/"])
def test_names_with_paths_lead_nowhere(server, own_cache, tmp_path, below):
    server.content = zipped(below=below)
    before = set(tmp_path.parent.iterdir())
    assert len(onet.taxonomy(get(server))) == 3
    assert left(own_cache) == {*TABLES, "record.json"} and set(tmp_path.parent.iterdir()) == before
    assert not Path("/tmp/elsewhere").exists()


def test_where_it_cannot_be_had_what_to_do_is_told(server, tmp_path):
    folder = data_dir.CACHE.expanduser() / "onet"
    by_hand = rf"get {server.url} yourself and unpack Occupation Data\.txt, .*Job Zones\.txt from it into {folder};"
    server.statuses = [404]
    with pytest.raises(UserError, match=rf"answered with 404 Not Found\. Or {by_hand}"):
        get(server)
    with pytest.raises(UserError, match=rf"no O\*NET tables and onet\.download=false\. {by_hand}.*REASONING_OCC_DATA"):
        get(server, download=False)
    (tmp_path / "sets").mkdir()
    with pytest.raises(UserError, match=rf"into {tmp_path}/sets/onet;"):
        onet_archive.download(str(tmp_path / "sets"), wanted(server, download=False))
    assert len(server.asked) == 1


def test_without_a_network_it_is_told_at_once(tmp_path):
    with serving(FileServer()) as gone:
        pass
    with pytest.raises(UserError, match=r"O\*NET could not be downloaded from http.*refused.*Or get http"):
        get(gone)


def test_two_jobs_at_once_download_once(server):
    server.content = zipped({"Job Zones.txt": table("Job Zones.txt") + "".join(f"x{i}\t1\n" for i in range(40_000))})
    server.wait = 0.1
    found: list[Path] = []
    jobs = [threading.Thread(target=lambda: found.append(get(server))) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert len(set(found)) == 1 and len(found) == 3 and len(server.asked) == 1


PROGRAM = """
import os, signal, sys
from reasoning_occ.occupations import onet_archive
if sys.argv[2]:
    setattr(onet_archive, sys.argv[2], lambda *_: os.kill(os.getpid(), signal.SIGKILL))
onet_archive.download(None, onet_archive.Archive(True, sys.argv[1], None, 3))
"""


def start(server: FileServer, step: str = "") -> subprocess.Popen[str]:
    """A job in a process of its own, which is killed when it comes to `step`."""
    words = [sys.executable, "-c", PROGRAM, server.url, step]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_kill_while_it_comes_costs_no_more_than_what_was_left(server, own_cache):
    # text that does not pack, of ten blocks
    noise = hashlib.shake_256(b"").hexdigest(400_000)
    server.content = zipped({"Read Me.txt": noise})
    server.wait = 1.0
    killed = start(server)
    part = None
    while part is None or part.stat().st_size < 1 << 16:
        assert killed.poll() is None, killed.communicate()
        part = next(own_cache.rglob("*.part"), None)
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    had = part.stat().st_size
    assert had < len(server.content) and left(own_cache) == {"archive.zip.part", "archive.zip.part.json"}
    server.wait = 0.0
    assert len(onet.taxonomy(get(server))) == 3
    assert server.parts == [(None, 200), (f"bytes={had}-", 206)]


def test_a_kill_while_it_is_unpacked_leaves_nothing_that_is_used(server, own_cache):
    # with an empty folder, with tables unread, with all but the record
    for step in ("_take", "_read", "write_json"):
        killed = start(server, step)
        killed.communicate(timeout=60)
        assert killed.returncode == -signal.SIGKILL
        assert here(None, wanted(server)) is None
        assert any(path.name == ".tables.part" for path in own_cache.rglob("*"))
    assert len(onet.taxonomy(get(server))) == 3
    assert len(server.asked) == 1 and left(own_cache) == {*TABLES, "record.json"}


@pytest.mark.slow
def test_an_archive_of_the_real_tables(server, real_tables):
    server.content = zipped({name: (real_tables / name).read_bytes() for name in TABLES})
    server.cuts = [300_000, 200_000]
    assert len(onet.taxonomy(get(server, titles=1016))) == 1016 and len(server.asked) == 3


@pytest.fixture
def real_tables(request) -> Path:
    # before the test hides where data sets are
    return request.getfixturevalue("data_dir") / "onet"
