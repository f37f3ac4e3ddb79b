import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.reasons.calls.request import Reply, Usage
from reasoning_occ.reasons.replies import read_score


def score(text: str, stop="end"):
    return read_score(Reply(text, stop, Usage()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"justification": "Good.", "score": 4}', 4),
        ('{"score": 4.0}', 4),
        ('{"score": "4"}', 4),
        ('{"score": "4/5"}', 4),
        ('{"score": "4 out of 5"}', 4),
        ('Here you are:\n```json\n{"score": 3}\n```\nAnything else?', 3),
        ('{"score": 1} On second thought: {"score": 5}', 5),
        ('{"score": 5} and then {"score": ', 5),
        ('{"score": 2, "score": 2}', 2),
        ('{"a": {"score": 1}, "score": 5}', 5),
    ],
)
def test_what_can_be_read_is_a_score(text, value):
    assert score(text)[0].value == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "The score is 5.",
        '{"score": 0}',
        '{"score": 6}',
        '{"score": -1}',
        '{"score": 4.5}',
        '{"score": "4/10"}',
        '{"score": "five"}',
        '{"score": true}',
        '{"score": null}',
        '{"score": [5]}',
        '{"score": NaN}',
        '{"justification": "Good."}',
        '{"score": 5',
        '{"score": 1, "score": 5}',
        '{"score": 1, "score": 5, "x": {"score": 5}}',
        '[{"no": "score"}]',
        '{"score": 5} {"verdict": "none"}',
    ],
)
def test_what_cannot_be_read_is_unscored_and_kept(text):
    found, errors = score(text)
    assert found.value is None and text in found.justification and not errors


def test_refused_and_cut_off_replies_are_unscored():
    for stop in ("refusal", "length"):
        assert score('{"score": 5}', stop)[0].value is None


def test_errors_are_listed():
    found, errors = score('{"justification": "No.", "errors": ["Never a nurse.", ""], "score": 2}')
    assert (found.value, found.justification, errors) == (2, "No.", ("Never a nurse.",))
    assert score('{"errors": "none", "score": 5}')[1] == ()


@given(st.text(), st.text(), st.integers(1, 5))
def test_no_text_breaks_the_reader_and_the_last_verdict_wins(before, after, value):
    verdict = json.dumps({"justification": before, "score": value})
    assert score(f"{before}\n{verdict}\n{after.replace('{', '(')}")[0].value in (value, None)
    assert score(verdict)[0].value == value
    score(before)


def test_a_long_hostile_reply_is_read_in_time():
    assert score('{"a":' * 20_000)[0].value is None
    assert score("{" * 100_000 + '{"score": 3}')[0].value == 3


@pytest.mark.parametrize(
    "text",
    [
        '{"score": {"x": 1, "x": 2}, "justification": "unfinished',
        '{"a": {"x": 1, "x": 2}, ',
        '{"score": ' + "1" * 5000 + "}",
    ],
)
def test_a_reply_that_no_decoder_takes_is_unscored(text):
    score, _ = read_score(Reply(text, "end", Usage()))
    assert score.value is None and score.justification.startswith("Unscored")
