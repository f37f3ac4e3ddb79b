"""The page in a real browser, each tab used as a person would."""

import csv
import json
import re

import pytest

pytestmark = pytest.mark.slow

EVIL = "<img src=x onerror=alert(1)>${alert(2)}{{value}}"
RESUME = {
    "basics": {"name": EVIL, "email": "ada@secret.example"},
    "work": [
        {"name": "Shop", "position": "Sales, trade", "startDate": "2012-03"},
        {"name": "Farm", "position": "Farmer, agriculture", "startDate": "2008", "endDate": "2011"},
        {"name": "Circus", "position": EVIL, "startDate": "2005", "endDate": "2007"},
    ],
    "education": [{"studyType": EVIL, "endDate": "2004"}, {"studyType": "Master", "endDate": "2006"}],
}


def upload(page, content, name="resume.json"):
    field = page.locator("#resume-file")
    if not field.is_visible():
        page.get_by_role("button", name="Paste or upload").click()
    field.set_input_files([{"name": name, "mimeType": "application/json", "buffer": content}])


def says(page, place, words):
    page.locator(f"#{place}").get_by_text(re.compile(words)).first.wait_for()


def tab(page, name):
    page.get_by_role("tab", name=name).click()


@pytest.fixture
def reach(page):
    """Press Tab until the field, the button or the group of a name has the focus."""

    def press(name):
        for _ in range(80):
            page.keyboard.press("Tab")
            found = page.evaluate(
                "() => { const e = document.activeElement; const group = e.closest('fieldset, [role=group]'); "
                "return [e.getAttribute('aria-label') || '', e.tagName === 'BUTTON' ? e.innerText : '', "
                "group ? (group.getAttribute('aria-label') || '') + group.innerText.split('\\n')[0] : '', "
                "...[...(e.labels || [])].map((label) => label.innerText)].join(' ') }"
            )
            if name in found:
                return
        raise AssertionError(f"Tab never comes to {name}")

    return press


def test_people_runs_and_judge_by_the_keyboard_alone(page, reach, finished):
    def go(name):
        page.get_by_role("tab", name="Try it").focus()  # as it has when the page is come to from above
        reach(name)
        page.keyboard.press("Enter")

    def choose(name, value):
        reach(name)
        assert page.get_by_role("listbox").count() == 1, "a list closes when Tab goes on"
        page.keyboard.type(value)
        page.get_by_role("option", name=value, exact=True).wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

    go("People")
    says(page, "people-message", "Person 1 of 13")
    page.wait_for_timeout(1000)  # nobody is as fast as to turn a page before it is drawn
    reach("Next person")
    page.keyboard.press("Enter")
    says(page, "people-message", "Person 2 of 13")
    page.get_by_role("tab", name="People").focus()
    choose("Beside it", "markov")
    page.locator("#person h3").get_by_text("markov").wait_for()

    go("Runs")
    page.locator("#runs table").first.wait_for()
    choose("Compare every row with", "markov")
    says(page, "runs", "Less markov")
    choose("Pictures of one run", "joint")
    says(page, "job", "By number of past jobs")

    go("Judge")
    says(page, "verdict", "Hidden until")
    reach("Your name")
    page.keyboard.type("berta")
    page.keyboard.press("Tab")
    page.wait_for_timeout(1000)  # the name is taken, and with it what it has scored
    for criterion, downs in (("Factuality", 2), ("Coherence", 1), ("Utility", 3)):
        reach(criterion)
        page.keyboard.press("Space")
        for _ in range(downs):
            page.keyboard.press("ArrowDown")
            page.wait_for_timeout(300)
    reach("Save my scores")
    page.keyboard.press("Enter")
    says(page, "judge-message", r"Saved: 1 of \d+")
    with open(finished / "joint" / "labels" / "berta.csv", encoding="utf-8-sig", newline="") as file:
        (scored,) = [row for row in csv.DictReader(file) if row["coherence"]]
    assert len({scored[one] for one in ("factuality", "coherence", "utility")}) == 3


def test_a_career_by_the_keyboard_alone(page, reach):
    reach("Job title")
    page.keyboard.type("Clerical, fin")
    # the list grows shorter a moment after the last letter
    page.wait_for_function("() => document.querySelectorAll('[role=option]').length === 1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    # no person is as fast as to leave before the choice is taken
    page.wait_for_function("() => document.querySelector('[aria-label^=\"Job title\"]').value === 'Clerical, finance'")
    reach("From")
    page.keyboard.type("2008-05")
    reach("Add this job")
    page.keyboard.press("Enter")
    says(page, "try-message", "The job is added")
    says(page, "try-shown", "May 2008: Clerical, finance")
    reach("What comes next?")
    page.keyboard.press("Enter")
    says(page, "try-message", "Ranked")
    says(page, "try-shown", "What comes next")
    assert page.locator("#try-shown .titles li").count() == 10
    assert "over 2 reasons" in page.locator("#try-shown").inner_text()
    page.get_by_role("tab", name="Try it").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#person").wait_for()


def test_a_resume_from_a_file_and_what_if(page, served):
    upload(page, json.dumps(RESUME).encode(), "../../etc/passwd.json")
    says(page, "try-message", "job titles, dates and education, and nothing else")
    shown = page.locator("#try-shown")
    assert "2008: Farmers, agriculture" in shown.inner_text()
    assert "taken for this from “Farmer, agriculture”" in shown.inner_text()
    assert "alert(1)" in shown.inner_text() and shown.locator("img").count() == 0
    assert "secret" not in page.content() and "Shop" not in page.content()
    page.get_by_role("button", name="What comes next?").click()
    says(page, "try-message", "Ranked")
    page.get_by_role("button", name="What if").click()
    page.get_by_label("With this job").fill("Sales, finance")
    page.get_by_label("With this job").press("Enter")
    page.get_by_label("From").last.fill("2013")
    page.get_by_label("Without these lines").click()
    page.get_by_role("option", name="2008: Farmers, agriculture").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="See what that moves").click()
    says(page, "moved", "without “2008: Farmers, agriculture”; with 2013 Sales, finance")
    assert page.locator("#moved tbody tr").count() >= 10
    page.get_by_label("From").last.fill("")
    page.get_by_role("button", name="See what that moves").click()
    says(page, "moved", "with Sales, finance in place of “2008: Farmers, agriculture”")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("A line of the career").click()
    page.get_by_role("option", name=re.compile("Farmers?, agriculture")).click()
    page.get_by_role("button", name="Take this line out").click()
    says(page, "try-message", "The line is taken out")
    assert "Farmers" not in shown.inner_text() and page.locator("#moved").count() == 0
    assert [file for file in served.scratch.rglob("*") if file.is_file()] == [], "no file is kept"


def test_what_was_left_out_stays_in_sight_and_an_edit_says_how_it_was_understood(page):
    work = [{"position": "Tutor", "startDate": "2010"}, {"position": "Nurse"}]
    upload(page, json.dumps({"work": work}).encode())
    says(page, "try-message", "nothing else.$")
    left = "^1 job left out: without a start.$"
    says(page, "try-shown", left)
    page.get_by_role("button", name="What comes next?").click()
    says(page, "try-message", "Ranked")
    says(page, "try-shown", left)
    page.get_by_role("button", name="What if").click()
    page.get_by_label("With this job").fill("Nurse")
    page.get_by_label("With this job").press("Enter")
    page.get_by_label("From").last.fill("2013")
    page.get_by_role("button", name="See what that moves").click()
    says(page, "moved", "taken for this from “Tutor”, “Nurse”: a guess")
    says(page, "moved", "1 job merged with the same occupation before it.")


def test_a_career_that_changes_while_it_is_ranked_gets_no_answer_of_before(page):
    def career(*titles):
        jobs = [{"occupation": title, "start": str(2001 + n)} for n, title in enumerate(titles)]
        return json.dumps({"id": "a", "jobs": jobs}).encode()

    upload(page, career("Clerical, finance"))
    says(page, "try-message", "nothing else")
    page.get_by_role("button", name="What comes next?").click()
    upload(page, career("Farmers, agriculture"))
    says(page, "try-shown", "2001: Farmers, agriculture")
    page.wait_for_timeout(4000)  # the answer would have come
    shown = page.locator("#try-shown").inner_text()
    assert "Clerical" not in shown and "What comes next" not in shown
    page.get_by_role("button", name="What comes next?").click()
    says(page, "try-message", "Ranked")
    assert "2001: Farmers, agriculture" in page.locator("#try-shown").inner_text()


def test_a_career_of_unknown_titles_can_still_become_one(page):
    upload(page, json.dumps({"work": [{"position": "Zymurgist", "startDate": "2001"}]}).encode())
    says(page, "try-shown", "Nothing to go on from yet: none of its job titles is near")
    assert "Zymurgist" in page.locator("#try-shown").inner_text()
    page.get_by_label("Job title").fill("Sales, finance")
    page.get_by_label("Job title").press("Enter")
    page.get_by_label("From").first.fill("1999")
    page.get_by_role("button", name="Add this job").click()
    says(page, "try-shown", "1999: Sales, finance")
    says(page, "try-shown", "is near no title and left out: what is told comes after the job before it")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b" " * 20_000_000, "larger than 1 MB"),
        (b"\x89PNG\r\n\x1a\n\x00\xff\xfe" * 50, "no text in UTF-8"),
        (b'{"work": "\x00"}', "no text in UTF-8"),
        (b'{"work": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deep|not JSON"),
        (b"[1, 2]", "Expected a career of ours"),
        (b'{"basics": {"name": "Ada"}}', "No job and no education could be read"),
        (b'{"work": 3}', "work: expected a list"),
        (b'{"work": [{"position": "Sales, trade", "startDate": "<b>soon</b>"}]}', "work 1 startDate: expected a date"),
        (b'{"id": "a", "jobs": [{"occupation": {}, "start": 2}]}', "jobs.1.occupation: expected text in quotes"),
        (b"", "nothing to read"),
        (b"<script>alert(1)</script>", "not JSON"),
    ],
    ids=["20 MB", "binary", "NUL", "deep", "list", "nobody", "types", "date", "ours", "empty", "script"],
)
def test_hostile_files_get_a_sentence(content, words, page, served):
    upload(page, content, "../../../tmp/<img src=x onerror=alert(3)>.json")
    says(page, "try-message", words)
    message = page.locator("#try-message")
    assert "Traceback" not in message.inner_text() and len(message.inner_text()) < 300
    assert message.locator("img, b, script").count() == 0
    assert [file for file in served.scratch.rglob("*") if file.is_file()] == []


def test_mistakes_in_forms_get_a_sentence(page):
    page.get_by_role("button", name="What comes next?").click()
    says(page, "try-message", "The career has no job yet")
    page.get_by_label("Job title").fill("Sales, trade")
    page.get_by_label("Job title").press("Enter")
    page.get_by_label("From").first.fill("soon")
    page.get_by_role("button", name="Add this job").click()
    says(page, "try-message", "From: expected a year or a month.*'soon'")
    page.get_by_role("button", name="Paste or upload").click()
    page.get_by_label("Or paste JSON").fill("x" * 1_500_000)
    page.get_by_role("button", name="Read what is pasted").click()
    says(page, "try-message", "longer than 1,000,000 characters")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Year of birth").fill("19x5")
    page.get_by_label("Year of birth").blur()
    says(page, "try-message", "Year of birth: expected a year.*'19x5'")


def test_people_can_be_filtered_paged_and_compared(page):
    tab(page, "People")
    says(page, "people-message", "Person 1 of 13")
    first = page.locator("#person").inner_text()
    page.get_by_role("button", name="Next person").click()
    says(page, "people-message", "Person 2 of 13")
    assert page.locator("#person").inner_text() != first
    page.get_by_label("Beside it").click()
    page.get_by_role("option", name="markov").click()
    page.locator("#person h3").get_by_text("markov").wait_for()
    assert page.locator("#person .titles").count() == 2
    page.get_by_role("radio", name="wrong").check()
    says(page, "people-message", "Person 1 of")
    page.locator("#person h3").first.get_by_text("Person").wait_for()
    page.get_by_label("Which people").click()
    page.get_by_role("option", name=re.compile("past jobs: 1 ")).click()
    says(page, "people-message", r"Person 1 of \d\.|0 people")


def test_a_table_with_paired_tests_and_pictures(page):
    tab(page, "Runs")
    page.locator("#runs table").first.wait_for()
    assert "random tiny model" in page.locator("#runs").inner_text()
    assert page.locator("#runs figure svg").count() == 3
    page.get_by_label("Compare every row with").click()
    page.get_by_role("option", name="markov", exact=True).click()
    says(page, "runs", "Less markov")
    page.get_by_label("Pictures of one run").click()
    page.get_by_role("option", name="joint").click()
    says(page, "job", "By number of past jobs")
    assert page.locator("#job figure svg").count() == 2


def test_scores_of_people_are_kept_for_the_audit(page, finished):
    def give(*scores):
        for criterion, score in zip(("Factuality", "Coherence", "Utility"), scores, strict=True):
            page.get_by_role("group", name=re.compile(criterion)).get_by_label(score, exact=True).check()
        page.get_by_role("button", name="Save my scores").click()

    def chosen():
        groups = [page.get_by_role("group", name=re.compile(c)) for c in ("Factuality", "Coherence", "Utility")]
        return [group.locator("input:checked").input_value() for group in groups]

    tab(page, "Judge")
    says(page, "verdict", "Hidden until")
    give("4", "5", "2")
    says(page, "judge-message", "Your name: expected")
    page.get_by_label("Show the judge's scores before mine").check()
    says(page, "verdict", " of 5")
    page.get_by_label("Show the judge's scores before mine").uncheck()
    assert chosen() == ["4", "5", "2"], "to look at the judge's changes none"
    page.get_by_label("Your name").fill("../anna")
    give("4", "5", "2")
    says(page, "judge-message", "Your name: expected")
    page.get_by_label("Your name").fill("anna")
    give("4", "5", "2")  # the first click takes the name's focus away
    says(page, "judge-message", r"Saved: 1 of \d+")
    says(page, "verdict", "you: 4")
    page.wait_for_timeout(1000)
    assert chosen() == ["4", "5", "2"], "what was saved stands in the form"
    page.get_by_role("button", name="Next reason").click()
    says(page, "judge-message", "Reason 2 of")
    says(page, "verdict", "Hidden until")
    give("no score", "1", "1")
    says(page, "judge-message", r"Saved: 2 of \d+")
    path = finished / "joint" / "labels" / "anna.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        scored = [row for row in csv.DictReader(file) if row["coherence"]]
    assert sorted((row["factuality"], row["coherence"], row["utility"]) for row in scored) == [
        ("", "1", "1"),
        ("4", "5", "2"),
    ]
    from reasoning_occ.audit.subject import subject
    from reasoning_occ.evaluation.audit.humans import key, read_labels

    with subject(finished / "joint", 100, None) as run:
        assert len(read_labels(path, {key(one): one for one in run.sample.whole})) == 2
    page.get_by_label("Only reasons that I have not scored").check()
    says(page, "judge-message", "without your score")


def test_a_phone_scrolls_nothing_sideways(served, visit):
    page = visit(served.address, width=390, height=800)
    upload(page, json.dumps(RESUME).encode())
    says(page, "try-message", "nothing else")
    page.get_by_role("button", name="What comes next?").click()
    says(page, "try-message", "Ranked")
    for name, place in (("Try it", "try-shown"), ("People", "person"), ("Runs", "runs"), ("Judge", "reason")):
        tab(page, name)
        page.locator(f"#{place}").get_by_role("heading").first.wait_for()
        page.wait_for_timeout(300)
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390, f"{name} is {wide} pixels wide"
    tab(page, "Runs")
    at = page.locator("#runs th").get_by_text("Hit@5", exact=True).first.bounding_box()
    assert at["x"] + at["width"] <= 390, "some metrics are seen without scrolling a table"
    tab(page, "Try it")
    page.get_by_role("button", name="What if").click()
    page.get_by_label("Without these lines").click()
    page.get_by_role("option", name="2008: Farmers, agriculture").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="See what that moves").click()
    says(page, "moved", "without “2008: Farmers, agriculture”")
    at = page.locator("#moved th").get_by_text("rank", exact=True).bounding_box()
    assert at["x"] + at["width"] <= 390, "what moved is seen whole"


def test_it_says_what_it_is_not(page):
    note = page.get_by_role("note").first
    assert "Not for decisions about people" in note.inner_text() and note.is_visible()
