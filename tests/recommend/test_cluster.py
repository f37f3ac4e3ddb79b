"""Over Ray Data the same people get the same rows, also where another start left off, and no log of Ray's has them."""

import json
import os
import pickle
import tempfile
from functools import partial
from pathlib import Path

import pytest
from many_people import people

from reasoning_occ.errors import UserError
from reasoning_occ.recommend import Choice, Recommender, cluster, many
from reasoning_occ.recommend.batches import answer, read
from reasoning_occ.recommend.inputs import entries
from reasoning_occ.recommend.reading import Reading


@pytest.fixture
def ray_folder(monkeypatch):
    """A short path, as Ray's sockets need; a Ray of this test alone, on one core."""
    pytest.importorskip("ray.data", reason="needs Ray: pip install 'reasoning-occ[ray-data]'")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder)


@pytest.mark.slow
def test_rows_over_ray_are_the_same_after_a_cut_too(markov, ray_folder, tmp_path):
    path = people(tmp_path / "people.jsonl")
    recommender = Recommender.load(markov)
    recommender.at_once = 3

    def write(output, given=None, engine=None):
        opened = given or partial(entries, path)
        return many.write(recommender, opened, Choice(k=2), tmp_path / output, "jsonl", "here", 21, engine)

    def torn():
        for n, entry in enumerate(entries(path)):
            if n == 13:
                raise RuntimeError("killed")
            yield entry

    assert write("whole.jsonl") == (17, 4)
    with pytest.raises(RuntimeError):
        write("out.jsonl", torn)
    over_ray = cluster.engine(cluster.Opening(markov), Choice(k=2), None)
    assert write("out.jsonl", engine=over_ray) == (17, 4)
    for kind in ("jsonl", "jsonl.bad.jsonl"):
        assert (tmp_path / f"out.{kind}").read_bytes() == (tmp_path / f"whole.{kind}").read_bytes()

    import ray

    assert not ray.is_initialized()
    logs = [file for file in ray_folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".log" for file in logs)
    for file in logs:
        content = file.read_bytes()
        assert not any(word in content for word in (b"Sales, trade", b"Service, trade", b"Qqqqqq", b'"p12"'))


def test_what_stops_a_worker_or_the_reading_is_told_in_words(markov, tmp_path):
    pa = pytest.importorskip("pyarrow")

    def answers(opening, *found):
        worker = cluster._Worker(opening, Choice(k=2))
        tables = pa.concat_tables([cluster._row(one) for one in found])
        return [json.loads(cell) for cell in worker(tables)["answer"].to_pylist()]

    path = people(tmp_path / "people.jsonl", 4)
    recommender = Recommender.load(markov)
    (batch,) = read(recommender.reading, entries(path), 5)
    lost, *_ = answers(cluster.Opening(tmp_path / "nowhere"), batch)
    assert "nowhere does not exist" in lost["error"]
    broken, whole = answers(cluster.Opening(markov), batch._replace(people=(3, *batch.people[1:])), batch)
    assert "A worker failed at line 1 to line 5 (AttributeError)" in broken["error"]
    assert whole["rows"] == json.loads(json.dumps(answer(recommender, batch, Choice(k=2))))

    def torn():
        yield batch
        raise ValueError("Sales, trade")

    first, last = (table["batch"].to_pylist()[0] for table in cluster._read(None, torn))
    assert pickle.loads(first) == batch and "can't be read on (ValueError)" in pickle.loads(last)


def test_workers_share_machines():
    machine = {"Alive": True, "Resources": {"CPU": 16.0}}
    gpus = {"Alive": True, "Resources": {"CPU": 16.0, "GPU": 4.0}}
    gone = {"Alive": False, "Resources": {}}
    assert cluster._shares([machine, machine, gone], None) == (2, {"num_cpus": 16.0})
    assert cluster._shares([machine, machine], 8) == (8, {"num_cpus": 4.0})
    assert cluster._shares([gpus, gpus], None) == (8, {"num_cpus": 4.0, "num_gpus": 1.0})
    assert cluster._shares([machine], 40) == (40, {"num_cpus": 1.0})
    with pytest.raises(UserError, match="no machine of the cluster"):
        cluster._shares([gone], None)


def test_how_careers_are_read_goes_to_another_process(tiny_taxonomy):
    reading = Reading(tiny_taxonomy, 0.5, False)
    sent = pickle.loads(pickle.dumps(reading))
    text = '{"id": "a", "jobs": [{"occupation": "Chefs", "start": "2001"}, {"occupation": "Piloz", "start": "2003"}]}'
    assert sent.json(text, "a") == reading.json(text, "a")
