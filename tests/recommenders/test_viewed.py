"""A method finds its reasons by the transition's own name, whatever a view leaves of the history."""

from dataclasses import replace

from recommending import INFERENCE

from reasoning_occ.careers.view import View, viewed


def test_reasons_are_found_where_older_jobs_are_hidden(make, parts):
    _, _, test = parts
    told = {t.key: f"reason {t.key}" for t in test}
    assert max(t for _, t in told) > 0
    joint = make("joint", inference=replace(INFERENCE, reason="oracle", allow_oracle=True), told=lambda: told)
    seen = [viewed(t, View(education=True, jobs="last", titles="text")).history for t in test]
    assert joint.read(seen) == [[told[t.key]] for t in test]
