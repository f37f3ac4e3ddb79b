import re

import pytest
from hostile import HOSTILE

from reasoning_occ.reasons.prompting import LONGEST, Template, data, template

PROMPTS = {
    "teacher": {"history", "next", "words", "feedback"},
    "factuality": {"history", "reason", "answer"},
    "coherence": {"reason", "answer"},
    "utility": {"reason", "next", "answer"},
}


@pytest.mark.parametrize("name", PROMPTS)
def test_each_prompt_has_the_fields_that_its_judge_may_see(name):
    assert template(name).fields == PROMPTS[name]
    for number in range(1, 6) if name != "teacher" else ():
        assert re.search(rf"^{number} - ", template(name).system, re.MULTILINE)  # every anchor is written out


def test_a_field_without_a_value_and_a_value_without_a_field_are_errors():
    one = Template("one", "s", "{{a}} and {{b}}")
    assert one.render(a="1", b="{{a}}").user == "1 and {{a}}"
    with pytest.raises(ValueError, match=r"no value for \['b'\]"):
        one.render(a="1")
    with pytest.raises(ValueError, match=r"no field for \['c'\]"):
        one.render(a="1", b="2", c="3")


def test_thirty_hostile_texts_stay_inside_their_block():
    assert len(HOSTILE) == 30
    for text in HOSTILE:
        rendered = template("factuality").render(history=data(text), reason=data(text), answer="")
        assert rendered.system == template("factuality").system.replace("{{answer}}", "").strip()
        for tag in ("history", "reason"):
            assert rendered.user.count(f"<{tag}>") == rendered.user.count(f"</{tag}>") == 1
        inside = re.fullmatch(r"<history>\n(.*)\n</history>\n<reason>\n(.*)\n</reason>", rendered.user, re.DOTALL)
        assert inside is not None and inside[1] == inside[2] == data(text)
        assert "<|" not in rendered.user and not set("{}") & set(rendered.user)
        rendered.user.encode("utf-8")
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", rendered.user)


def test_honest_text_stays_as_it_is_and_long_text_is_cut_visibly():
    honest = "1998, age 20: Cook; 40 hours\n< 5 years, x<y? 1 < 2; [part time] é ö 日本"
    assert data(honest) == honest.replace("x<y", "x< y")
    assert data("[INST] \uff1c\uff5cend\uff5c> {5}") == "[ INST] \uff1c \uff5cend\uff5c> (5)"
    assert data("a" * (LONGEST + 7)).endswith("a [cut: 7 characters more]")
