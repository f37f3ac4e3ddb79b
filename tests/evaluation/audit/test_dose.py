from reasoning_occ.evaluation.audit.dose import RATES, doses, response
from reasoning_occ.reasons.judges.rubric import RubricJudge
from reasoning_occ.reasons.planted import HURTS
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.reasons.types import CRITERIA


def test_the_more_mistakes_the_lower_the_scores(nls):
    transitions = [t for career in nls.careers[::8] for t in career.transitions()]
    teachers = {rate: GroundedTeacher(nls.taxonomy, 1, rate, 0, 20.0) for rate in RATES}
    judge = RubricJudge(nls.taxonomy, 20.0)
    for one in (*teachers.values(), judge):
        one.fit(transitions)
    given = doses(transitions[:80], teachers)
    assert len(given.transitions) + given.left_out == 80
    asked = given.places()
    # what is spoilt at one rate is spoilt alike at higher ones, so that each reason is asked about twice at most
    assert len(asked) <= 2 * len(given.transitions)
    verdicts = {
        (place, given.written[rate][place].text): judge.judge(*given.case(rate, place)) for rate, place in asked
    }
    found = response(given, verdicts, 50, 0)
    for entry, rate in zip(found["rates"], RATES, strict=True):
        spoilt = [candidate.planted for candidate in given.written[rate]]
        assert entry["rate"] == rate and entry["planted"] == sum(kind is not None for kind in spoilt)
        one_by_one = [judge.judge(*given.case(rate, i)) for i in range(len(given.transitions))]
        for c in CRITERIA:
            each = [verdict.scores[c].value for verdict in one_by_one]
            scored = [value for value in each if value is not None]
            assert entry["scores"][c]["n"] == len(scored) and entry["unscored"][c] == each.count(None)
            assert abs(entry["scores"][c]["value"] - sum(scored) / len(scored)) < 1e-9
    assert found["rates"][0]["planted"] == 0 and found["rates"][-1]["planted"] == len(given.transitions)
    for c in ("factuality", "coherence"):
        means = [entry["scores"][c]["value"] for entry in found["rates"]]
        assert means == sorted(means, reverse=True) and means[0] > means[-1] + 0.5
    assert sum(entry["pairs"] for entry in found["mistakes"].values()) == len(given.transitions)
    for kind, entry in found["mistakes"].items():
        assert entry["hurts"] == HURTS[kind] and entry["detected"]["value"] > entry["risen"]["value"]
