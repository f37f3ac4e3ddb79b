"""What is printed for people."""

import pytest

from reasoning_occ.careers.json_resume import BY_WORDS, GUESSED, NO_END, NO_NAME, NO_POSITION, NO_START, UNMATCHED
from reasoning_occ.careers.source import CAPPED, MERGED
from reasoning_occ.recommend.reading import LATER
from reasoning_occ.recommend.show import counted


@pytest.mark.parametrize(
    ("what", "single"),
    [
        (GUESSED, "1 job title taken for the nearest title"),
        (BY_WORDS, "1 job title guessed by its words"),
        (UNMATCHED, "1 job left out: no title is near its own"),
        (NO_POSITION, "1 job left out: without a title"),
        (NO_START, "1 job left out: without a start"),
        (NO_END, "1 piece of education left out: without an end"),
        (NO_NAME, "1 piece of education left out: neither studyType nor area"),
        (LATER, "1 piece of education left out: after the present job began"),
        (MERGED, "1 job merged with the same occupation before it"),
        (CAPPED, "1 end taken back to the next job's start"),
    ],
)
def test_one_is_told_in_the_singular(what, single):
    assert counted(1, what) == single and counted(2, what) == f"2 {what}"
