import json
import re
from html.parser import HTMLParser

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.prediction_file import read
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.page import write_report
from reasoning_occ.report.reasons import flat
from reasoning_occ.report.table import compose

NASTY = "<script>alert('x')</script> & \"quotes\""


class Page(HTMLParser):
    """Checks that tags close, and gathers tags, addresses and text."""

    VOID = ("meta", "path", "use", "rect", "br", "line", "circle", "image")

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.addresses, self.words = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href") and v and not v.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def run(tmp_path, run_folder):
    return run_folder(tmp_path / "run", "joint", 1.0, 0.2)


def test_the_page_is_whole_and_needs_no_network(run):
    text = write_report(run).read_text()
    page = Page(text)
    assert page.addresses == [] and "script" not in page.tags and "link" not in page.tags
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", text)
    assert "prefers-color-scheme: dark" in text and 'name="viewport"' in text


def test_it_shows_figures_people_and_truth(run):
    page = Page(write_report(run).read_text())
    words = " ".join(" ".join(page.words).split())
    found = json.loads((run / "metrics.json").read_text())
    assert f"{found['AccEM']['value']:.2f}" in words and "Small test: with 240 people" in words
    assert "joint's first title is the true next occupation" in words and "the two intervals" in words
    assert page.tags.count("svg") == 5  # three metrics side by side, reliability, past jobs
    assert page.tags.count("article") == 12
    # whom the page shows, their reason, lines and true occupation
    by_person = {p.person: p for p in read(run / "predictions.jsonl")}
    shown = re.findall(r"<h3>Person (\d+)</h3>", (run / "report.html").read_text())
    assert len(set(shown)) == 12
    for person in shown:
        p = by_person[person]
        assert all(line in words for line in p.history) and p.reason in words and p.truth_title in words
    # every one of them has the truth marked, among the five or below; one mark more explains the mark
    assert (run / "report.html").read_text().count('<span class="mark">truth') == 13
    assert "nlsw88" in words and "people_shown: 12" in words


def test_the_same_files_give_the_same_page(run):
    first = write_report(run).read_bytes()
    path = run / "predictions.jsonl"
    path.write_text("\n".join(reversed(path.read_text().splitlines())) + "\n")
    assert write_report(run).read_bytes() == first


def test_text_of_careers_is_never_markup(run):
    path = run / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        row["history"] = [NASTY]
        row["reason"] = NASTY
        row["top"][0][0] = NASTY
        row["predictions"]["joint"] = NASTY
        row["person"] += NASTY
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = json.loads((run / "metrics.json").read_text())
    found["slices"]["race"] = {NASTY: found["slices"]["race"]["white"]}
    (run / "metrics.json").write_text(json.dumps(found))
    (run / "floors.json").write_text(json.dumps({NASTY: json.loads((run / "floors.json").read_text())["markov"]}))
    (run / "oracle.json").write_text(json.dumps({NASTY: NASTY}))
    (run / ".hydra" / "config.yaml").write_text(f"seed: 0\nevaluation: {{people_shown: 12}}\nx: {json.dumps(NASTY)}\n")
    text = write_report(run).read_text()
    assert "<script" not in text and "&lt;script&gt;" in text
    assert NASTY in "".join(Page(text).words)


def test_what_jobs_may_leave_is_shown(run):
    (run / "oracle.json").write_text('{"kept": 412, "scores": {"factuality": {"mean_value": 4.25}}}')
    (run / "reasons_quality.json").write_text('{"unscored_reasons": 3}')
    (run / "metrics.csv").write_text("step,loss,loss_reason,loss_answer\n0,3.0,2.0,\n1,,,4.5\n2,1.0,0.9,4.0\n")
    page = Page(write_report(run).read_text())
    words = " ".join(" ".join(page.words).split())
    assert "kept 412" in words and "scores: factuality: mean value 4.25" in words and "unscored reasons 3" in words
    assert page.tags.count("svg") == 6 and "loss answer" in words


ORACLE = {
    "transitions": 95, "candidates": 400, "without": 20, "unjudged": 0, "named": 12,
    "failed": {"refused": 0, "cut off": 3, "empty": 1}, "planted": 0, "planted_chosen": 0,
    "fallback": 16, "fallback_chosen": 5, "unscored": {"factuality": 0, "coherence": 0, "utility": 7},
    "mean_scores": {"factuality": 4.75, "coherence": None, "utility": 3.5},
    "mean_scores_all": {"factuality": 3.25, "coherence": 4.0, "utility": 2.5},
    "histograms": {
        criterion: {"chosen": [0, 0, 0, 50, 25], "others": [100, 0, 0, 200, 13]}
        for criterion in ("factuality", "coherence", "utility")
    },
    "agreement": {
        criterion: {"value": 0.25, "low": 0.2, "high": 0.3, "n": 384}
        for criterion in ("factuality", "coherence", "utility")
    },
    "pairs": {
        "pairs": 40, "transitions": 33, "mean_margin": 3.125, "longer": 20, "shorter": 18, "equal": 2, "dropped": 4,
    },
}  # fmt: skip


def test_what_became_of_oracle_reasons_is_pictured(run):
    (run / "oracle.json").write_text(json.dumps(ORACLE))
    config = run / ".hydra" / "config.yaml"
    pairs = "{longest_share: 0.6}"
    config.write_text(
        f"{config.read_text()}oracle: {{criteria: [utility], thresholds: {{utility: 3}}, pairs: {pairs}}}\n"
    )
    page = Page(write_report(run).read_text())
    words = " ".join(" ".join(page.words).split())
    assert page.tags.count("svg") == 8 and "What the judge said" in words and "Dashed line: the threshold." in words
    assert "with a teacher's reason 70 74%" in words and "with a built-in reason 5 5%" in words
    assert "by the answer alone 20 21%" in words and "judged, not chosen 309 77%" in words
    assert "named the answer, not judged 12 3%" in words
    assert (
        "refused, cut off or empty, not judged 4 1%" in words and "candidates that are no reasons: cut off 3" in words
    )
    assert "the better one is longer 20 50% the better one is shorter 18 45% both have as many words 2 5%" in words
    assert "from 33 transitions; mean margin 3.1." in words and "at most 60% may lean one way" in words
    assert "4 were given up" in words
    assert "oracle reasons 75 4.75 - 3.50 all judged candidates 384 3.25 4.00 2.50" in words
    assert "candidates rejected because they name their target 12 of 400" in words
    assert "could not be scored: utility 7" in words and "of those, chosen 5 of 16" in words
    assert "Do the judges agree?" in words and "alpha 384 0.25 [0.20, 0.30]" in words
    assert "mean scores" not in words and "histograms" not in words


def test_what_was_not_asked_for_is_not_pictured(run):
    none = {"pairs": 0, "transitions": 0, "mean_margin": None, "longer": 0, "shorter": 0, "equal": 0, "dropped": 0}
    unscored = dict.fromkeys(ORACLE["unscored"], 0)
    told = ORACLE | {"fallback": 0, "fallback_chosen": 0, "unscored": unscored, "pairs": none}
    (run / "oracle.json").write_text(json.dumps(told))
    words = " ".join(" ".join(Page(write_report(run).read_text()).words).split())
    assert "built-in reason" not in words and "dashed outline" not in words and "threshold" not in words
    assert "with a teacher's reason 75 79%" in words and "the better one is longer 0 0%" in words


def test_nested_counts_are_flat():
    assert list(flat({"a": {"b_c": 1, "d": [1, 2]}, "e": None, "f": 0.12345})) == [
        ("a: b c", "1"),
        ("a: d", "1, 2"),
        ("e", "-"),
        ("f", "0.123"),
    ]


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (".hydra/config.yaml", "seed: 0\n", "lacks 'seed' or 'evaluation.people_shown'"),
        ("metrics.csv", "step,loss\nx,1\n", "Could not read the training log"),
        ("predictions.jsonl", "{}\n", "line 1: a prediction needs the key"),
        ("oracle.json", "nothing", "Could not read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, file, content, message):
    (run / file).write_text(content)
    with pytest.raises(UserError, match=message):
        write_report(run)
    assert not (run / "report.html").exists()


def test_reasons_have_tables_on_the_page_and_lines_below_the_table(run):
    def mean(value, n=28):
        return {"value": value, "n": n, "low": value - 0.1, "high": value + 0.1}

    probe = {k: {"AccEM": mean(0.2), "Hit@5": mean(v)} for k, v in (("history", 0.43), ("reason", 0.31))}
    (run / "oracle.json").write_text(json.dumps({"transitions": 95, "without": 34, "leak_probe": probe}))
    (run / "reasons_quality.json").write_text(json.dumps({"factuality": mean(4.5), "unscored": {"utility": 3}}))
    words = " ".join(" ".join(Page(write_report(run).read_text()).words).split())
    assert "trained by the answer alone 34 of 95" in words and "leak probe" not in words
    assert "oracle reason alone 28 0.20 [0.10, 0.30] 0.31 [0.21, 0.41]" in words
    assert "factuality (1-5) 28 4.50 [4.40, 4.60]" in words and "could not be scored: utility 3" in words
    assert compose(run, METRICS).notes[-2:] == (
        "Factuality of generated reasons: 4.50 [4.40, 4.60] of 5, 28 scored.",
        "Leak probe, Hit@5: oracle reason alone 0.31 [0.21, 0.41], history alone 0.43 [0.33, 0.53]; "
        "28 validation transitions.",
    )
