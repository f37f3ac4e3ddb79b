"""What an inspection of a data set found, in lines for a terminal and as page.html with pictures."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.files import whole
from reasoning_occ.report import figures
from reasoning_occ.report.pictures import Picture
from reasoning_occ.report.render import render

LONGEST = 12
"""Of counts by a number, columns before all larger ones are counted together."""


def write_page(folder: Path, found: Mapping[str, Any], careers: Sequence[Mapping[str, Any]]) -> Path:
    """Write page.html.

    Args:
        folder: where.
        found: what inspect.json holds.
        careers: `{"history": lines, "next": title, "when": date}` each; none leaves them out.

    Returns:
        The path of the page.
    """
    page = render(
        "inspection.html.j2",
        found=found,
        lead=lead(found),
        parts=list(parts(found)),
        facts=list(facts(found)),
        overlap=overlap(found),
        pictures=list(pictures(found)),
        careers=careers,
    )
    path = folder / "page.html"
    with whole(path) as file:
        file.write(page)
    return path


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What is printed: the numbers, what was skipped, then warnings."""
    yield f"{found['data']}: {lead(found)}"
    told = [*parts(found), *facts(found)]
    width = max(len(name) for name, _ in told)
    yield from (f"  {name:<{width}}  {value}" for name, value in told)
    yield overlap(found)
    for what, n in found["skipped"].items():
        if n:
            yield f"Skipped: {n:,} {what}."
    for sign in found["signs"]:
        yield f"Warning, {sign['kind']}: {sign['text']}"
    if not found["signs"]:
        yield "No sign of a leak was found."


def lead(found: Mapping[str, Any]) -> str:
    """The data set in a sentence."""
    sample = "" if found["people"] == found["people_in_data"] else f" (a sample of {found['people_in_data']:,})"
    labels, span = found["labels"], found["years"]
    return (
        f"{found['people']:,} people{sample} with {found['jobs']:,} jobs begun {span['first']}-{span['last']}, "
        f"{found['transitions']:,} transitions, {labels['jobs']['seen']:,} of the {labels['in_taxonomy']:,} labels of "
        f"the taxonomy {found['taxonomy']['name']}."
    )


def parts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Sizes of the split's parts; of the test, what is scored."""
    for part, size in found["parts"].items():
        yield part, f"{size['people']:,} people, {size['transitions']:,} transitions"
    if found["left_out_by_cut"]:
        yield "on the other side of the cut", f"{found['left_out_by_cut']:,} transitions"


def facts(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each number with its name."""
    length, labels, returns, gaps = (found[key] for key in ("career_lengths", "labels", "returns", "gaps"))
    yield "jobs a person", f"mean {length['mean']:.1f}, median {length['median']:g}, most {length['most']}"
    for name, counts in (("labels held", labels["jobs"]), ("labels asked for", labels["targets"])):
        yield name, f"{counts['seen']:,}; {counts['once']:,} of them once; {counts['never']:,} never"
    if returns["stays"]["n"]:
        yield "stay where they are", share(returns["stays"])
    yield "return to the occupation before", share(returns["to_previous"])
    yield "return to any held before", share(returns["to_any_before"])
    yield "targets without related ones", share(found["without_related"])
    idle = sum(n for years, n in gaps["years"].items() if int(years) > 1)
    yield "gaps of two years and more", f"{idle:,} of {gaps['known']:,} known; {gaps['unknown']:,} ends are not known"
    for what in ("jobs", "people"):
        for name, entry in found["known"][what].items():
            if entry["n"]:
                yield f"{what} with {name.replace('_', ' ')}", share(entry)
    unknown = [name.replace("_", " ") for name, entry in found["known"]["jobs"].items() if not entry["n"]]
    if unknown:
        yield "known of no job", ", ".join(unknown)


def share(entry: Mapping[str, Any]) -> str:
    """As "7.1% (620 of 8,682)"."""
    return "none" if entry["share"] is None else f"{100 * entry['share']:.1f}% ({entry['n']:,} of {entry['of']:,})"


def overlap(found: Mapping[str, Any]) -> str:
    """Whether somebody is in two parts."""
    both = {pair: n for pair, n in found["overlap"].items() if n}
    if not both:
        return "Nobody is in two parts of the split."
    told = "; ".join(f"{n:,} in {pair}" for pair, n in both.items())
    return f"People in two parts of the split: {told}. What is learnt of them would be tested on them."


def pictures(found: Mapping[str, Any]) -> Iterator[Picture]:
    """Columns and a curve, with a caption each."""
    people = columns(found["career_lengths"]["people"])
    text = "People by number of jobs; equal neighbours are one job unless the data have stays."
    yield Picture("How long are careers?", text, (figures.columns("lengths", people, "jobs", "people"),))
    counts = {name: found["labels"][name]["frequencies"] for name in ("jobs", "targets")}
    text = "Labels from the most frequent to the rarest, on scales of powers of ten."
    yield Picture("How even are labels?", text, (figures.frequencies(counts),))
    begun = columns(found["years"]["jobs_begun"], longest=None)
    text = "Jobs by the year in which they begin."
    yield Picture("Which years?", text, (figures.columns("years", begun, "year", "jobs begun"),))
    if found["gaps"]["known"]:
        text = "Years from the end on record to the next start. Of dates without months, 1 may be no gap at all."
        gaps = columns(found["gaps"]["years"])
        yield Picture("What lies between jobs?", text, (figures.columns("gaps", gaps, "years", "pairs of jobs"),))


def columns(counts: Mapping[str, int], longest: int | None = LONGEST) -> dict[str, int]:
    """Counts by a number from its least on, none left out; those above `longest` together, unless it is `None`."""
    known = {int(number): n for number, n in counts.items()}
    last = max(known) if longest is None else min(max(known), longest)
    out = {str(number): known.get(number, 0) for number in range(min(known), last + 1)}
    larger = sum(n for number, n in known.items() if number > last)
    return out | {f"{max(min(known), last + 1)}+": larger} if larger else out
