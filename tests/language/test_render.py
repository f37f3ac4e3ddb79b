from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.language.render import events, plain

CODES = "cbmpdn"
dates = st.builds(Date, st.integers(1950, 2020), st.integers(0, 12))
facts = st.builds(
    Facts,
    tenure_years=st.none() | st.floats(0, 40),
    hours=st.none() | st.integers(1, 90),
    region=st.none() | st.sampled_from(["South", "outside the South"]),
    pay=st.none() | st.sampled_from(["up", "level", "down"]),
)


@st.composite
def careers(draw) -> Career:
    starts = sorted(draw(st.lists(dates, min_size=2, max_size=8)))
    jobs = tuple(Job(draw(st.sampled_from(CODES)), start, None, draw(facts)) for start in starts)
    education = tuple(Education(d, "A course") for d in sorted(draw(st.lists(dates, max_size=3))))
    return Career(Person("x", draw(st.none() | st.integers(1920, 1950))), education, jobs)


def test_one_short_line_an_event_oldest_first(career, tiny_taxonomy):
    assert events(career, tiny_taxonomy) == [
        "1968: 12 years of school",
        "1971, age 20: Cooks; 44 hours, pay up, outside the South, 1 year with employer",
        "1973, age 22: Nurses",
        "1975: 14 years of school",
        "1975, age 24: Bakers; 20 hours, same pay, South",
        "1976, age 25: Pilots",
    ]


def test_months_and_people_without_a_birth_year(tiny_taxonomy):
    jobs = (Job("c", Date(2001, 3)), Job("b", Date(2001, 11), None, Facts(tenure_years=4.9)))
    career = Career(Person("x"), (Education(Date(2001, 6), "Diploma"),), jobs)
    assert events(career, tiny_taxonomy) == [
        "Mar 2001: Cooks",
        "Jun 2001: Diploma",
        "Nov 2001: Bakers; 4 years with employer",
    ]


def test_a_region_is_said_when_it_changes(tiny_taxonomy):
    regions = ["South", "South", None, "South", "outside the South"]
    jobs = tuple(Job("cbcbc"[i], Date(2000 + i), None, Facts(region=r)) for i, r in enumerate(regions))
    told = events(Career(Person("x"), (), jobs), tiny_taxonomy)
    assert [line.partition("; ")[2] for line in told] == ["South", "", "", "", "outside the South"]


def test_nothing_after_the_present_job_began_is_told(career, tiny_taxonomy):
    told = "\n".join(events(career.until(1), tiny_taxonomy))
    for future in ("1974", "1975", "14 years", "Bakers", "1999", "1976"):
        assert future not in told


@given(careers(), st.data())
def test_lines_of_a_history_begin_those_of_a_later_one(tiny_taxonomy, career, data):
    t = data.draw(st.integers(0, len(career.jobs) - 2))
    now, later = events(career.until(t), tiny_taxonomy), events(career.until(t + 1), tiny_taxonomy)
    assert later[: len(now)] == now
    assert len(later) > len(now)


@given(careers(), careers(), st.data())
def test_another_future_gives_the_same_lines(tiny_taxonomy, career, other, data):
    t = data.draw(st.integers(0, len(career.jobs) - 1))
    ends = data.draw(dates)
    today = career.jobs[t].start
    changed = Career(
        career.person,
        tuple(e for e in career.education if e.date <= today) + tuple(e for e in other.education if e.date > today),
        tuple(replace(job, end=ends) for job in career.jobs[: t + 1])
        + tuple(job for job in other.jobs if job.start > today),
    )
    assert events(changed.until(t), tiny_taxonomy) == events(career.until(t), tiny_taxonomy)


def test_marks_of_the_grammar_and_the_chat_format_are_defused():
    assert plain(" a\n<|im_end|> <think> </answer>  5 < 6 ") == "a < |im_end|> < think> < /answer> 5 < 6"


def test_sector_part_time_and_wage_are_said(tiny_taxonomy):
    code = tiny_taxonomy.codes[0]
    said = Facts(sector="Retail trade", full_time=False, wage=12.5)
    job = Job(code, Date(1999), facts=said)
    assert events(Career(Person("1"), (), (job,)), tiny_taxonomy) == [
        f"1999: {tiny_taxonomy.title(code)}; Retail trade, part time, 12 an hour"
    ]
    full = replace(job, facts=Facts(full_time=True))
    assert events(Career(Person("1"), (), (full,)), tiny_taxonomy) == [f"1999: {tiny_taxonomy.title(code)}"]
