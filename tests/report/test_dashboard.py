"""What the dashboard shows, as JSON and as it is saved on a server of W&B (one on loopback)."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict

import pytest
from wandb_file import read
from wandb_server import KEY, Fake, serving

from reasoning_occ import costs
from reasoning_occ.dashboard.__main__ import main
from reasoning_occ.dashboard.specification import GROUPS, MARK, workspace
from reasoning_occ.dashboard.sweep import LONGEST, report, title
from reasoning_occ.errors import UserError
from reasoning_occ.logged import figures
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.jobs import read_object
from reasoning_occ.report.table import compose
from reasoning_occ.shown import shown_override

SECRET = "data.path=/home/me/my people.jsonl"


def shown(capsys, *words):
    assert main([*map(str, words), "--print"]) == 0
    return json.loads(capsys.readouterr().out)


def named(section):
    return {name for panel in section["panels"] for name in (*panel["metrics"], panel["x"]) if name}


def command(folder, *words, **env):
    nowhere = {"HOME": str(folder), "NETRC": str(folder / "none"), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "reasoning_occ.dashboard", *map(str, words)],
        cwd=folder, env=os.environ | nowhere | env, capture_output=True, text=True, timeout=200,
    )  # fmt: skip


def test_the_workspace_has_its_sections(capsys, monkeypatch):
    def refused(*_):
        raise AssertionError("--print needs no network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    found = shown(capsys, "team/jobs")
    view = found["workspace"]
    assert found["report"] is None and view == json.loads(json.dumps(asdict(workspace("team", "jobs"))))
    assert [s["name"] for s in view["sections"]] == ["Accuracy", "Reasons", "Training", "Cost", "Judges"]
    assert view["group_by"] == ["names.recommender", "names.model"]
    for metric in METRICS:
        assert {metric, f"{metric}/low", f"{metric}/high"} <= named(view["sections"][0])


def test_accuracy_and_cost_are_figures_of_a_finished_job(sweep):
    costs.note(sweep / "direct-1", {"learn": 2.0, "rank": 1.0}, tokens_seen=7)
    logged = figures(sweep / "direct-1", read_object(sweep / "direct-1" / "metrics.json"))
    view = json.loads(json.dumps(asdict(workspace("team", "jobs"))))
    assert {*named(view["sections"][0]), *view["columns"]} <= set(logged)
    assert {"cost/seconds/learn", "cost/seconds/rank", "cost/tokens_seen"} <= set(logged) & named(view["sections"][3])
    assert all(isinstance(value, int | float) for value in logged.values())


@pytest.mark.slow
def test_every_name_is_one_that_a_job_logs(tmp_path):
    # a random model writes nothing that a judge could score: it reads oracle reasons, and writes none
    judges = ["judge=panel", "judge.members.local=null", "+judge@judge.members.second=rubric"]
    reasons = ["method=joint", "preference=dpo", "inference.reason=oracle", "inference.allow_oracle=true"]
    reasons += ["method.own_reasons=1"]
    words = ["debug=tiny", "logger=wandb", f"output={tmp_path}/runs", f"stages={tmp_path}/stages", *reasons, *judges]
    env = os.environ | {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "reasoning_occ.run", *words], cwd=tmp_path, env=env, capture_output=True, text=True,
        timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("runs/*/wandb/offline-run-*/*.wandb")
    found = read(file)
    logged = {*found.summary, *(name for row in found.history for name in row)}
    view = json.loads(json.dumps(asdict(workspace("team", "jobs"))))
    wanted = {name for section in view["sections"] for name in named(section)} | set(view["columns"])
    assert wanted - logged == {"cost/seconds/write"}
    for key in GROUPS:
        first, second = key.split(".")
        assert found.config[first][second] in ("joint", "smollm2")


def test_the_report_has_table_paired_tests_and_pictures(sweep, run_folder, capsys):
    run_folder(sweep / "markov-4", "markov", 1.0, 0.0)
    page = shown(capsys, "team/jobs", "--sweep", sweep, "--against", "direct")["report"]
    assert page["title"] == f"Sweep {sweep.name}" and page["description"] == MARK
    assert page["runs"] == ["direct-1", "joint-2", "markov-4"]
    blocks = {block["heading"]: block for block in page["blocks"]}
    assert "| joint | 240 |" in blocks["Results"]["text"] and "1 job is not finished." in blocks["Results"]["text"]
    assert "| markov |" in blocks["Less direct"]["text"]
    assert "McNemar" in blocks["Tests of differences from direct"]["text"]
    assert {f"{metric}/low" for metric in METRICS} <= named(blocks["Accuracy"])
    assert "learn/loss" in named(blocks["Training"])


def test_what_a_sweep_shows_of_each_row_is_told_with_its_interval(sweep, run_folder):
    def claims(against):
        return next(block.text for block in report(sweep, "team", "jobs", against).blocks if block.heading == "Claims")

    assert "`--against ROW` compares all others" in claims(None)
    run_folder(sweep / "direct-4", "direct", 1.0, 0.4, seed=1)
    run_folder(sweep / "joint-5", "joint", 1.0, 0.1, seed=1)
    for config in sweep.glob("*/.hydra/config.yaml"):
        config.write_text(config.read_text().replace("{people_shown: 12}", "{people_shown: 12, margin: 0.01}"))
    head, _, line, _, meaning = claims("direct").splitlines()
    assert head == "Less direct, over seeds, by MRR:" and "on a par: above -0.01" in meaning
    less = next(grid for grid in compose(sweep, METRICS, "direct").grids if grid.title == "Less direct, over seeds")
    ((name, *cells),) = less.rows
    assert line == f"- **{name}**: {cells[-1]}, {cells[less.head.index('MRR') - 1]}"


def test_no_path_and_no_address_is_in_a_report(sweep, run_folder, capsys):
    again = run_folder(sweep / "direct-4", "direct", 0.5, 0.0)
    (again / ".hydra" / "overrides.yaml").write_text(f"- method=direct\n- '{SECRET}'\n")
    cut = {"stage": "fit", "done": False, "resumable": True, "error": "No room in /home/me."}
    (sweep / "joint-3" / "status.json").write_text(json.dumps(cut))
    told = json.dumps(shown(capsys, "team/jobs", "--sweep", sweep)["report"])
    assert "data.path=(hidden)" in told and "people.jsonl" not in told and "/home/me" not in told


def test_what_an_override_shows():
    assert shown_override("trainer.lr=0.1") == "trainer.lr=0.1"
    assert shown_override("model.hub=Qwen/Qwen3-8B") == "model.hub=Qwen/Qwen3-8B"
    for place in ("a.path=x", "teacher.base_url=here", "x=http://me:pw@inner/v1", "baseline.jobs=[~/a,b]", 'm="/x"'):
        assert shown_override(place) == f"{place.split('=')[0]}=(hidden)", place


def test_titles_fit_and_stay_apart(tmp_path):
    one, two = (title(tmp_path / ("n" * 200 + end)) for end in "ab")
    assert one != two and max(len(one), len(two)) <= LONGEST and one == title(tmp_path / ("n" * 200 + "a"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["jobs"], "Expected ENTITY/PROJECT, such as my-team/reasoning_occ; got 'jobs'."),
        (["team/jobs", "--against", "direct"], "name its folder with --sweep"),
        (["team/jobs", "--sweep", "nowhere"], "There is no folder nowhere"),
    ],
)
def test_wrong_words_are_told(words, told, capsys):
    assert main(words) == 1
    assert told in capsys.readouterr().err


def test_one_run_is_no_sweep_and_an_unknown_row_is_told(sweep):
    with pytest.raises(UserError, match="this is the folder of one run"):
        report(sweep / "direct-1", "team", "jobs")
    with pytest.raises(UserError, match="'dircet' is no finished row"):
        report(sweep, "team", "jobs", "dircet")


def test_without_the_extra_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)
    assert main(["team/jobs"]) == 1
    assert "pip install 'reasoning-occ[dashboard]'" in capsys.readouterr().err


@pytest.mark.slow
def test_offline_or_without_login_it_says_so(tmp_path):
    pytest.importorskip("wandb_workspaces", reason="needs the dashboard: pip install 'reasoning-occ[dashboard]'")
    offline = command(tmp_path, "team/jobs", WANDB_MODE="offline")
    assert offline.returncode == 1 and "WANDB_MODE=offline sends nothing" in offline.stderr
    stranger = command(
        tmp_path, "team/jobs", WANDB_MODE="online", WANDB_API_KEY="", WANDB_BASE_URL="http://127.0.0.1:9"
    )
    assert stranger.returncode == 1 and "dashboard: nobody is logged in." in stranger.stderr
    for done in (offline, stranger):
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.slow
def test_twice_updates_and_never_doubles(sweep, tmp_path_factory):
    pytest.importorskip("wandb_workspaces", reason="needs the dashboard: pip install 'reasoning-occ[dashboard]'")
    home = tmp_path_factory.mktemp("home")
    theirs = {"type": "runs", "name": "other", "displayName": f"Sweep {sweep.name}", "description": "mine",
              "projectName": "jobs", "entityName": "team", "spec": "{}", "id": "theirs"}  # fmt: skip
    with serving(Fake(views={"theirs": theirs})) as fake:
        online = {"WANDB_MODE": "online", "WANDB_API_KEY": KEY, "WANDB_BASE_URL": fake.url}
        for more in ([], ["--against", "direct"]):
            done = command(home, "team/jobs", "--sweep", sweep, *more, **online)
            assert done.returncode == 0 and "Workspace: http" in done.stdout and "Report: http" in done.stdout
            assert "2 of its jobs ran without logger=wandb" in done.stderr
        (view,) = fake.of_type("project-view")
        others, (page,) = fake.of_type("runs")[:1], fake.of_type("runs")[1:]
        assert others == [theirs] and page["displayName"] == f"Sweep {sweep.name}"
        assert "Less direct" in page["spec"] and not fake.unknown  # the second one's
        # what was asked for is what was saved: every name, and the grouping
        asked = json.loads(json.dumps(asdict(workspace("team", "jobs"))))
        saved = json.loads(view["spec"])["section"]
        for wanted, section in zip(asked["sections"], saved["panelBankConfig"]["sections"], strict=True):
            assert section["name"] == wanted["name"] and len(section["panels"]) == len(wanted["panels"])
            for panel, one in zip(wanted["panels"], section["panels"], strict=True):
                told = json.dumps(one)
                assert all(f'"{name}"' in told or f'"summary:{name}"' in told for name in panel["metrics"]), panel
        keys = [(key["section"], key["name"]) for key in saved["runSets"][0]["grouping"]]
        assert keys == [("config", "names.value.recommender"), ("config", "names.value.model")]
        assert '"direct-1"' in page["spec"] and "joint-3" not in page["spec"]
        fake.refuse = "permission denied"
        refused = command(home, "team/jobs", **online)
        assert refused.returncode == 1 and "did not take the dashboard of team/jobs" in refused.stderr
        assert "permission denied" in refused.stderr and "Traceback" not in refused.stderr
        absent = command(home, "team/absent", **online)
        assert absent.returncode == 1 and "There is no project team/absent" in absent.stderr
