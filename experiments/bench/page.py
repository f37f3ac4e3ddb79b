"""What was measured, as lines in the terminal, as the tables of README.md and as a plot."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments.bench.attention_check import Checked
from experiments.bench.gpu import Speed
from experiments.bench.growth import Growth
from experiments.bench.measure import Comparison, Side
from experiments.bench.start import Start
from experiments.marks import put


def machine_line(machine: dict[str, Any], roofline: dict[str, float]) -> str:
    """One sentence on the machine and what it can do at most."""
    speeds = ", ".join(f"{name} {speed:,.0f}" for name, speed in roofline.items())
    gpu = f"{machine['gpu']}, " if machine["gpu"] else ""
    return (
        f"{machine['cpu']}, {gpu}{machine['threads']} threads, Python {machine['python']}, torch {machine['torch']}; "
        f"matrix products in Gflop/s: {speeds}"
    )


def line(comparison: Comparison) -> str:
    """One comparison."""
    least, median, most = comparison.ratios
    goal = f", goal {comparison.goal:g}" if comparison.goal else ""
    theirs, ours = (_side(side, comparison.unit) for side in (comparison.theirs, comparison.ours))
    return f"{comparison.work}: {theirs}; {ours}; ratio {median:.2f} [{least:.2f}, {most:.2f}]{goal}"


def _side(side: Side, unit: str) -> str:
    memory = "" if side.mib is None else f", {side.mib:,.0f} MiB"
    return f"{side.name} {_seconds(min(side.seconds))} a {unit}{memory} ({side.proof})"


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def growth_line(growth: Growth) -> str:
    """How one kind of work grows."""
    sizes = ", ".join(
        f"{size:,}: {seconds:.2f} s {mib:,.0f} MiB"
        for size, seconds, mib in zip(growth.sizes, growth.seconds, growth.mib, strict=True)
    )
    time, memory = growth.slopes
    return f"{growth.work}: {sizes}; slopes {time:.2f} (time), {memory:.2f} (memory)"


def start_line(start: Start) -> str:
    """How long one command takes to start."""
    least, median, most = start.spread
    goal = f", goal {start.goal:g} s" if start.goal else ""
    return f"{start.what}: {median:.2f} s [{least:.2f}, {most:.2f}]{goal}"


def write(
    folder: Path,
    machine: dict[str, Any],
    roofline: dict[str, float],
    minutes: float,
    comparisons: list[Comparison],
    growths: list[Growth],
    starts: list[Start],
    checked: Sequence[Checked],
    speeds: Sequence[Speed],
) -> None:
    """Put tables between the marks of README.md, and draw results.svg."""
    rows = [
        f"{machine_line(machine, roofline)}. All of it took {minutes:.0f} minutes.",
        "",
        "| work | theirs | a unit | peak MiB | ours | a unit | peak MiB | ratio [min, max] | goal |",
        "|---|---|---:|---:|---|---:|---:|---:|---:|",
        *map(_row, comparisons),
        "",
        "Proof that both sides did the same work: "
        + "; ".join(f"{c.work}: {c.theirs.proof} and {c.ours.proof}" for c in comparisons)
        + ".",
        "",
        "| growth | sizes | seconds | MiB | slope of time | of memory |",
        "|---|---|---|---|---:|---:|",
        *map(_growth_row, growths),
        "",
        "| until work begins | seconds [min, max] | goal |",
        "|---|---:|---:|",
        *map(_start_row, starts),
        *_gpu_tables(checked, speeds),
    ]
    put(folder / "README.md", "results", rows)
    draw(folder / "results.svg", comparisons)


def _row(comparison: Comparison) -> str:
    least, median, most = comparison.ratios
    cells = [comparison.work]
    for side in (comparison.theirs, comparison.ours):
        memory = "" if side.mib is None else f"{side.mib:,.0f}"
        cells += [side.name, f"{_seconds(min(side.seconds))} / {comparison.unit}", memory]
    cells += [f"**{median:.1f}** [{least:.1f}, {most:.1f}]", f"{comparison.goal:g}" if comparison.goal else ""]
    return f"| {' | '.join(cells)} |"


def _growth_row(growth: Growth) -> str:
    time, memory = growth.slopes
    cells = [
        growth.work,
        ", ".join(f"{size:,}" for size in growth.sizes),
        ", ".join(f"{seconds:.2f}" for seconds in growth.seconds),
        ", ".join(f"{mib:,.0f}" for mib in growth.mib),
        f"{time:.2f}",
        f"{memory:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def _start_row(start: Start) -> str:
    least, median, most = start.spread
    return f"| {start.what} | {median:.2f} [{least:.2f}, {most:.2f}] | {start.goal or ''} |"


def _gpu_tables(checked: Sequence[Checked], speeds: Sequence[Speed]) -> Iterator[str]:
    """What a GPU came to; nothing where there was none."""
    if checked:
        yield from (
            "",
            "| attention over trees, on the GPU | type | tokens | ms | furthest from the reference | right |",
        )
        yield "|---|---|---:|---:|---:|---|"
    for one in checked:
        far, right = max(one.distances), "yes" if one.right else "NO"
        cells = [one.way, one.dtype, f"{one.tokens:,}", f"{1000 * one.seconds:.1f}", f"{far:.1e}", right]
        yield f"| {' | '.join(cells)} |"
    if speeds:
        yield from ("", "| training on the GPU | parameters | tokens/s | as separate sequences | of peak | GiB |")
        yield "|---|---:|---:|---:|---:|---:|"
    for speed in speeds:
        cells = [speed.model, f"{speed.parameters / 1e6:,.0f}M", f"{speed.tokens_per_second:,.0f}"]
        cells += [f"{speed.apart_per_second:,.0f}", f"{speed.share_of_peak:.0%}", f"{speed.gib:.1f}"]
        yield f"| {' | '.join(cells)} |"


def draw(path: Path, comparisons: list[Comparison]) -> None:
    """Ratios as bars, goals as marks, on a logarithmic scale."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams["svg.hashsalt"] = "bench"
    figure, axes = plt.subplots(figsize=(9, 0.45 * len(comparisons) + 1), layout="constrained")
    for place, comparison in enumerate(reversed(comparisons)):
        least, median, most = comparison.ratios
        axes.barh(place, median, color="#4477aa", height=0.6)
        axes.plot([least, most], [place, place], color="black", linewidth=1)
        axes.annotate(f" {median:.1f}", (max(most, median), place), va="center", fontsize=8)
        if comparison.goal:
            axes.plot(comparison.goal, place, marker="|", markersize=14, color="#cc3311")
    axes.set_yticks(range(len(comparisons)), [c.work for c in reversed(comparisons)], fontsize=8)
    axes.set_xscale("log")
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.set_xlabel("times as fast as theirs (red: goal)")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
