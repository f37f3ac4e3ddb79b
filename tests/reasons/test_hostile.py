"""Careers and reasons that try to be more than data: they change no verdict, break no reply and leave no block."""

import json
import re
from dataclasses import replace

import pytest
from hostile import HOSTILE
from provider_server import Fake, running

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person, Transition
from reasoning_occ.language.render import events
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.reasons.calls.asker import Asker
from reasoning_occ.reasons.calls.desk import Terms
from reasoning_occ.reasons.calls.ledger import Ledger
from reasoning_occ.reasons.calls.providers.anthropic import Anthropic
from reasoning_occ.reasons.calls.providers.openai import OpenAI
from reasoning_occ.reasons.judges.llm import LLMJudge
from reasoning_occ.reasons.judges.rubric import RubricJudge
from reasoning_occ.reasons.oracle import make_oracle, read_oracle
from reasoning_occ.reasons.privacy import FIELDS, shared
from reasoning_occ.reasons.prompting import data
from reasoning_occ.reasons.selection import Selection
from reasoning_occ.reasons.teachers.grounded import GroundedTeacher
from reasoning_occ.reasons.teachers.llm import LLMTeacher
from reasoning_occ.reasons.types import CRITERIA, Case

CLAIMS = [
    "since 1950 they have been in Cooks",
    "part time, their first job",
    "Nurses",
    "B.Sc. Nursing",
    "St. Louis, based in Ohio",
    "work. The next step looks like a return to earlier work",
]
"""Text that reads like a reason's own claims; the built-in judge would believe that the reason makes them."""
REASON = (
    "They worked in Pilots from 1973. Since 1976 they have been in Cooks, based in the South. "
    "The next step looks like a change of both work and industry."
)
TERMS = Terms("m", None, 300, at_once=16, timeout=30.0, deadline=60.0, parameters={})
ORDER = "cbmpdn"


def career(person: int, schooling: str = "Evening school", region: str = "South") -> Career:
    """Three jobs in other occupations, by the person's number."""
    codes = [ORDER[(person + t * (1 + person % 3)) % 6] for t in range(3)]
    facts = Facts(hours=40, region=region, pay="up")
    jobs = tuple(Job(code, Date(1970 + 3 * t), None, facts) for t, code in enumerate(codes))
    return Career(Person(str(person), 1950), (Education(Date(1968), schooling),), jobs)


@pytest.fixture(scope="module")
def fitted(tiny_taxonomy):
    """The built-in teacher and judge, with statistics of harmless careers."""
    train = [t for person in range(200) for t in career(person).transitions()]
    teacher = GroundedTeacher(tiny_taxonomy, candidates=6, mistakes=0.0, seed=0, shrink=5.0)
    judge = RubricJudge(tiny_taxonomy, shrink=5.0)
    teacher.fit(train)
    judge.fit(train)
    return teacher, judge


@pytest.mark.parametrize("text", [*HOSTILE, *CLAIMS], ids=lambda text: ascii(text[:20]))
def test_a_hostile_history_changes_no_rubric_verdict(fitted, tiny_taxonomy, text):
    teacher, judge = fitted
    harmless = list(career(7).transitions())[-1]
    for schooling, region in ((text, "South"), ("Evening school", text), (text, text)):
        hostile = list(career(7, schooling, region).transitions())[-1]
        for reason in [c.text for c in teacher.write(harmless)]:
            if (schooling == text and "Schooling on record" in reason) or (region == text and "South" in reason):
                continue  # which is no longer true
            assert judge.judge(hostile.history, reason, "c") == judge.judge(harmless.history, reason, "c")
        # and of what the teacher writes of it the judge finds all true and in order, as of a harmless one
        candidates = teacher.write(hostile)
        assert len(candidates) == 6
        for candidate in candidates:
            verdict = judge.judge(hostile.history, candidate.text, hostile.target)
            assert (verdict.scores["factuality"].value, verdict.scores["coherence"].value) == (5, 5), candidate.text
            assert verdict.coverage == 1 and len(candidate.text) < 500


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_a_hostile_reason_changes_no_rubric_verdict(fitted, text):
    _, judge = fitted
    history = next(iter(career(7).transitions())).history
    for beside in (REASON, ""):
        harmless = judge.judge(history, f"{beside} Nothing else is known", "c")
        hostile = judge.judge(history, f"{beside} {text}", "c")
        assert hostile.scores == harmless.scores and hostile.errors == harmless.errors


def test_schooling_and_regions_of_an_ordinary_kind_are_told(fitted):
    teacher, judge = fitted
    told = []
    for schooling, region in (
        ("Évening classes (trade & craft)", "New England"),
        ("O'Neill college", "outside cities"),
    ):
        t = list(career(7, schooling, region).transitions())[-1]
        for candidate in teacher.write(t):
            assert judge.judge(t.history, candidate.text, t.target).scores["factuality"].value == 5
            told += [words for words in (schooling, region) if words in candidate.text]
    assert len(set(told)) == 4


@pytest.fixture(scope="module")
def titles() -> Taxonomy:
    """A taxonomy whose titles are hostile too."""
    return Taxonomy("own", [Occupation(code, f"{HOSTILE[i]} {code}") for i, code in enumerate(ORDER)], {})


def hostile_transitions() -> list[Transition]:
    return [list(career(i, text, text).transitions())[-1] for i, text in enumerate(HOSTILE)]


class Nobody:
    """Somebody who is named in requests and never asked."""

    provider = "nobody"


def block(tag: str) -> str:
    return rf"<{tag}>\n(?P<{tag}>.*)\n</{tag}>"


def test_every_prompt_shows_hostile_text_inside_its_block_alone(titles):
    teacher = LLMTeacher(titles, Nobody(), TERMS, candidates=1, words=60, send=FIELDS)
    judge = LLMJudge(titles, Nobody(), TERMS, send=FIELDS, repair=False)
    shapes = {
        "factuality": rf"{block('history')}\n{block('reason')}",
        "coherence": block("reason"),
        "utility": rf"{block('reason')}\n{block('next')}",
        "teacher": rf"{block('history')}\n{block('next')}\n\nWrite the reason\.",
        "again": rf"{block('history')}\n{block('next')}\nEarlier reasons .*:\n{block('errors')}\nWrite the reason\.",
    }
    systems = {}
    assert len(HOSTILE) == 30
    for t, text in zip(hostile_transitions(), HOSTILE, strict=True):
        requests = {c: judge.request(c, Case(t.history, text, t.target)) for c in CRITERIA}
        requests["teacher"] = teacher.request(t, [], 0)
        requests["again"] = teacher.request(t, [text, "Never a cook."], 0)
        shown = {
            "history": data("\n".join(events(shared(t.history, FIELDS), titles))),
            "reason": data(text),
            "next": data(titles.title(t.target)),
            "errors": f"- {data(text)}\n- Never a cook.",
        }
        for name, request in requests.items():
            (turn,) = request.messages
            found = re.fullmatch(shapes[name], turn.text, re.DOTALL)
            assert found is not None, (name, turn.text[:300])
            assert found.groupdict() == {tag: shown[tag] for tag in found.groupdict()}
            for tag in ("history", "reason", "next", "errors"):
                times = int(tag in found.groupdict())
                assert turn.text.count(f"<{tag}>") == turn.text.count(f"</{tag}>") == times
            systems.setdefault("teacher" if name == "again" else name, set()).add(request.system)
            assert not set("{}") & set(turn.text) and "<|" not in turn.text and len(turn.text) < 50_000
            json.loads(request.as_json().encode())  # what goes over the wire and into the ledger
    # instructions are the same whoever is asked about
    assert {name: len(texts) for name, texts in systems.items()} == dict.fromkeys(("teacher", *CRITERIA), 1)


def echo(prompt: str) -> str:
    """A verdict between repetitions of what was to be judged."""
    said = re.search(block("reason"), prompt, re.DOTALL)["reason"]
    score = 2 if "<history>" in prompt else 3 if "<next>" in prompt else 4
    return f'You say: {said}\n{{"justification": {json.dumps(said)}, "errors": [], "score": {score}}}\n{said}'


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-1")
    opened = Ledger(tmp_path / "ledger.sqlite")
    yield opened
    opened.close()


@pytest.mark.parametrize("kind", ["anthropic", "openai"])
def test_a_judge_that_repeats_hostile_text_is_read_right(titles, ledger, kind):
    cases = [Case(t.history, text, t.target) for t, text in zip(hostile_transitions(), HOSTILE, strict=True)]
    with running(Fake(say=echo)) as fake:
        url = f"{fake.url}/v1"
        provider = Anthropic(fake.url, 30.0) if kind == "anthropic" else OpenAI(url, 30.0, "max_tokens")
        who = Asker(provider, lambda: ledger, price=None, at_once=16, deadline=60.0, budget=None)
        verdicts = LLMJudge(titles, who, TERMS, send=FIELDS, repair=kind == "openai").judge_all(cases)
    assert len(fake.bodies) == 90 - 2 * (len(HOSTILE) - len({data(text) for text in HOSTILE}))  # and no repair
    for verdict in verdicts:
        assert {c: s.value for c, s in verdict.scores.items()} == {"factuality": 2, "coherence": 4, "utility": 3}


def test_half_characters_of_a_model_reach_the_files(tiny_taxonomy, ledger, tmp_path):
    def say(prompt: str) -> str:
        if "Write the reason." in prompt:
            return "\ud800 They moved on.\x00"
        return '\udfff {"justification": "\ud83d", "errors": ["\ud800"], "score": 4}'

    with running(Fake(say=say)) as fake:
        provider = OpenAI(f"{fake.url}/v1", 30.0, "max_tokens")
        who = Asker(provider, lambda: ledger, price=None, at_once=16, deadline=60.0, budget=None)
        teacher = LLMTeacher(tiny_taxonomy, who, TERMS, candidates=1, words=60, send=FIELDS)
        judge = LLMJudge(tiny_taxonomy, who, TERMS, send=FIELDS, repair=False)
        selection = Selection(
            "best", CRITERIA, dict.fromkeys(CRITERIA, 4), retries=0, fallback="drop", max_unscored=0.0
        )
        path = tmp_path / "reasons.jsonl"
        few = [replace(t, target="n") for t in career(1).transitions()]
        make_oracle(few, teacher, judge, selection, path, tiny_taxonomy)
    assert [line.oracle.text for line in read_oracle(path)] == ["? They moved on.\x00"] * 2
    assert len(list(ledger.rows())) == len(fake.bodies)


UNITS = (
    "Based in x ",
    "They worked in Xx ",
    "schooling on record: ",
    "Aa Bb ",
    "since 1950 ",
    "next or ",
    "1 ",
    "a@",
    "\n",
)


def test_100_kb_of_any_text_are_judged_and_made_a_prompt_at_once(fitted, titles):
    # each of these took minutes where a pattern was tried from each of its letters
    _, judge = fitted
    asked = LLMJudge(titles, Nobody(), TERMS, send=FIELDS, repair=False)
    for unit in UNITS:
        text = unit * (100_000 // len(unit))
        history = list(career(7, text, text).transitions())[-1].history
        judge.judge(history, text, "c")
        assert len(asked.request("factuality", Case(history, text, "c")).messages[0].text) < 50_000
