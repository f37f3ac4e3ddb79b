"""Files are whole or absent; journals survive a torn last line."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.files import Journal, checksum, read_jsonl, whole, write_json


def test_rows_of_a_journal_can_go_again(tmp_path):
    journal = Journal(tmp_path / "rows.jsonl")
    journal.append([{"n": n} for n in range(5)])
    journal.keep(7)
    journal.keep(4)
    journal.append([{"n": "new"}])
    assert Journal(tmp_path / "rows.jsonl").rows == journal.rows == [*({"n": n} for n in range(4)), {"n": "new"}]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(ValueError, match="broken off"), whole(path) as file:
        file.write("half")
        raise ValueError("broken off")
    assert json.loads(path.read_text()) == {"old": 1} and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_in_a_sentence(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full to stand for a full disk")
    journal = Journal(tmp_path / "rows.jsonl")
    journal.path.symlink_to("/dev/full")
    with pytest.raises(UserError, match="Could not write"):
        journal.append([{"a": 1}])


def test_a_torn_last_line_is_dropped_and_the_rest_goes_on(tmp_path):
    journal = Journal(tmp_path / "rows.jsonl")
    journal.append([{"n": 1}, {"n": 2, "text": "a\u2028b"}])
    with open(journal.path, "a", encoding="utf-8") as file:
        file.write('{"n": 3, "te')
    again = Journal(tmp_path / "rows.jsonl")
    assert [row["n"] for row in again.rows] == [1, 2]
    again.append([{"n": 3}])
    again.finish()
    assert [row["n"] for row in read_jsonl(tmp_path / "rows.jsonl")] == [1, 2, 3]
    assert not again.path.exists()


def test_rows_survive_kill_9(tmp_path):
    code = (
        "import os, signal, sys; from pathlib import Path; from reasoning_occ.files import Journal\n"
        "j = Journal(Path(sys.argv[1])); j.append([{'n': 1}]); j.append([{'n': 2}]); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "rows.jsonl")], timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert [row["n"] for row in Journal(tmp_path / "rows.jsonl").rows] == [1, 2]


def test_a_bad_line_is_named_by_its_number(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n[2]\n')
    with pytest.raises(UserError, match="line 3"):
        list(read_jsonl(path))


def test_a_folders_checksum_follows_names_and_content(tmp_path):
    (tmp_path / "a").write_text("1")
    first = checksum(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert checksum(tmp_path) != first
