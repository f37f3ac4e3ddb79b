"""When O*NET's tables are downloaded for a job, and when they are not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from file_server import FileServer, serving
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig
from onet_zip import TABLES, table, zipped

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.config import CONF, onet_here, source
from reasoning_occ.errors import UserError
from reasoning_occ.identity import run_name
from reasoning_occ.occupations import data_dir
from reasoning_occ.tracking import shown_config
from reasoning_occ.validation import validate

JOBS = [{"occupation": "Bakers", "start": "1999"}, {"occupation": "CC", "start": "2003"}]


@pytest.fixture
def server():
    with serving(FileServer(zipped())) as running:
        yield running


@pytest.fixture
def job(server, tmp_path, monkeypatch) -> list[str]:
    """Overrides of a job with O*NET's titles where no tables are."""
    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(data_dir.VARIABLE, raising=False)
    monkeypatch.setattr(data_dir, "CACHE", tmp_path / "no data sets")
    people = [json.dumps({"id": str(i), "jobs": JOBS}) for i in range(30)]
    (tmp_path / "people.jsonl").write_text("\n".join(people))
    words = ["baseline=popularity", "data=json", f"data.path={tmp_path / 'people.jsonl'}", "data.taxonomy=onet"]
    return [*words, f"onet.url={server.url}", "onet.titles=3"]


def composed(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(overrides))


def test_a_job_downloads_what_it_lacks_and_is_the_same_job_as_with_tables_of_ones_own(server, job, tmp_path):
    loaded = source(composed(*job)).load()
    assert [j.occupation for j in loaded.careers[0].jobs] == ["51-3011.00", "35-1011.00"]
    name = run_name(composed(*job))
    folder = tmp_path / "sets" / "onet"
    folder.mkdir(parents=True)
    for file in TABLES:
        (folder / file).write_text(table(file))
    assert run_name(composed(*job, f"data_dir={folder.parent}", "onet.download=false")) == name
    assert len(server.asked) == 1


def test_careers_that_are_not_there_are_told_before(server, job):
    with pytest.raises(UserError, match=r"data\.path: there is no absent\.jsonl"):
        source(composed(*job, "data.path=absent.jsonl"))
    assert not server.asked


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("onet.download=maybe", "true or false"),
        ("onet.url=ftp://somewhere/db.zip", "begins with http"),
        ("onet.sha256=abc", "64 hex digits"),
        ("onet.titles=0", "above 0 or null"),
        ("~onet", "every job needs it"),
    ],
)
def test_wrong_values_are_told(word, told):
    with pytest.raises(UserError, match=rf"onet.*: .*{told}"):
        validate(composed(word))


def test_a_trackers_page_shows_no_address():
    assert "onet" not in shown_config(composed())


def command(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    places = [f"output={tmp_path}/runs", f"sweeps={tmp_path}/sweeps"] if "--help" not in words else []
    environment = os.environ | {"HOME": str(tmp_path)}
    line = [sys.executable, "-m", "reasoning_occ.run", *words, *places]
    return subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=100)


@pytest.mark.parametrize(
    ("options", "override", "code"),
    [
        ("--help", "", 0),
        ("--cfg job", "", 0),
        ("", "seed=x", 1),
        pytest.param("", "data.path=absent.jsonl", 1, marks=pytest.mark.slow),
        # both jobs of the sweep failed
        pytest.param("-m", "seed=x,y", 2, marks=pytest.mark.slow),
    ],
)
def test_help_and_errors_download_nothing(server, job, tmp_path, options, override, code):
    done = command(tmp_path, *options.split(), *([] if options == "--help" else job), *override.split())
    assert done.returncode == code and "Traceback" not in done.stderr, done.stderr
    assert not server.asked and not (tmp_path / "cache").exists()


@pytest.mark.slow
def test_a_job_as_a_user_types_it_downloads_once_and_offline_says_what_to_do(server, job, tmp_path):
    server.statuses = [404] * 9
    failed = command(tmp_path, *job)
    assert failed.returncode == 1 and "answered with 404" in failed.stderr and "Traceback" not in failed.stderr
    assert f"{tmp_path}/.cache/reasoning_occ/onet; data_dir (or REASONING_OCC_DATA)" in failed.stderr
    server.statuses, server.asked = [], []
    done = command(tmp_path, *job)
    assert done.returncode == 0 and "Downloading O*NET" in done.stderr, done.stderr
    assert "popularity" in done.stdout and len(server.asked) == 1


def test_a_run_of_before_there_was_such_a_key_finds_tables_all_the_same(tmp_path):
    """Its configuration says nothing of a download."""
    (tmp_path / "onet").mkdir()
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        cfg = compose("config", [f"data_dir={tmp_path}"])
    told = DictConfig({key: cfg[key] for key in ("data_dir", "data")})
    assert onet_here(told) == onet_here(cfg) == tmp_path / "onet"
