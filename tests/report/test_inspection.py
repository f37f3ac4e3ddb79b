from reasoning_occ.report.inspection import columns, lines, share, write_page

FOUND = {
    "data": "json",
    "taxonomy": {"name": "own", "note": "Titles are <as> given."},
    "chosen": {"split": {"by": "person", "seed": 0}, "view": {}, "targets": "last"},
    "people_in_data": 3,
    "people": 2,
    "jobs": 5,
    "transitions": 3,
    "years": {"first": 1999, "last": 2004, "jobs_begun": {"1999": 2, "2003": 1, "2004": 2}},
    "labels": {
        "in_taxonomy": 4,
        "with_related": 0,
        "jobs": {"seen": 3, "once": 1, "never": 1, "frequencies": [2, 2, 1]},
        "targets": {"seen": 3, "once": 3, "never": 1, "frequencies": [1, 1, 1]},
        "most_frequent": [{"title": "Cooks & <co>", "jobs": 2, "targets": 1}],
    },
    "career_lengths": {"mean": 2.5, "median": 2.5, "most": 3, "people": {"2": 1, "3": 1}},
    "returns": {
        "stays": {"n": 0, "of": 3, "share": 0.0},
        "to_previous": {"n": 1, "of": 3, "share": 1 / 3},
        "to_any_before": {"n": 1, "of": 3, "share": 1 / 3},
    },
    "without_related": {"n": 3, "of": 3, "share": 1.0},
    "gaps": {"known": 0, "unknown": 3, "years": {}},
    "known": {
        "jobs": {"hours": {"n": 2, "of": 5, "share": 0.4}, "wage": {"n": 0, "of": 5, "share": 0.0}},
        "people": {},
    },
    "parts": {part: {"people": 1, "transitions": 1} for part in ("train", "valid", "test")},
    "left_out_by_cut": 0,
    "overlap": {"train and test": 0},
    "skipped": {"lines with an error": 2, "jobs merged": 0},
    "signs": [{"kind": "dates in the future", "n": 1, "text": "1 date is later."}],
}


def test_lines_tell_numbers_what_was_skipped_and_warnings():
    told = list(lines(FOUND))
    assert told[0].startswith("json: 2 people (a sample of 3) with 5 jobs begun 1999-2004, 3 transitions")
    assert "  return to the occupation before  33.3% (1 of 3)" in told
    assert "  jobs with hours                  40.0% (2 of 5)" in told
    assert "  known of no job                  wage" in told
    assert told[-3:] == [
        "Nobody is in two parts of the split.",
        "Skipped: 2 lines with an error.",
        "Warning, dates in the future: 1 date is later.",
    ]
    # nobody can stay in these data
    assert not any("stay where" in line for line in told)


def test_titles_and_notes_are_text_on_the_page_and_nothing_is_drawn_of_nothing(tmp_path):
    career = {"history": ["1999: <b>Cooks</b>"], "next": "Bakers", "when": "2003"}
    page = write_page(tmp_path, FOUND, [career]).read_text()
    assert "Cooks &amp; &lt;co&gt;" in page and "&lt;as&gt;" in page and "&lt;b&gt;Cooks" in page
    # no gap is known
    assert page.count("<svg") == 3
    assert 'class="person"' not in write_page(tmp_path, FOUND, []).read_text()


def test_columns_have_no_holes_and_end_in_all_larger_ones():
    assert columns({"2": 5, "4": 1}) == {"2": 5, "3": 0, "4": 1}
    long = columns({"0": 3, "11": 1, "13": 2, "90": 4})
    assert list(long) == [*map(str, range(13)), "13+"] and long["13+"] == 6 and sum(long.values()) == 10
    assert columns({"40": 2}) == {"40+": 2}
    assert columns({"1999": 2, "2001": 1}, longest=None) == {"1999": 2, "2000": 0, "2001": 1}


def test_a_share_of_nothing():
    assert share({"n": 0, "of": 0, "share": None}) == "none"
