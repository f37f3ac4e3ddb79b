"""How fast this project is, against the tools people use: both sides in turn, on the same data, in one run.

    python -m experiments.bench            all, 15 to 40 minutes; writes README.md's table and plot
    python -m experiments.bench --quick    the same work in small, under three minutes; writes nothing

Needs the extra `bench` (trl and datasets): pip install -c constraints.txt -e ".[bench]", or `make bench`.
"""

import argparse
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

SECTIONS = ("start", "sft", "ranking", "writing", "growth", "gpu")
HERE = Path(__file__).parent


def main() -> None:
    """Run the sections, print each line as it is known, write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--only", choices=SECTIONS, nargs="+", default=list(SECTIONS), help="some sections; then nothing is written"
    )
    parser.add_argument(
        "--out", type=Path, default=HERE, help="where results.json, results.svg and README.md are written"
    )
    chosen = parser.parse_args()
    missing = [name for name in ("datasets", "trl") if find_spec(name) is None]
    if missing and "sft" in chosen.only:
        parser.error(
            f"{' and '.join(missing)} not installed: pip install -c constraints.txt -e '.[bench]', or --only ..."
        )
    import torch

    from experiments.bench import attention_check, gpu, growth, measure, page, ranking, sft, start, writing
    from reasoning_occ.machine import keep_memory

    torch.set_num_threads(chosen.threads)
    keep_memory()  # for both sides: what a job of this project does for itself
    logging.getLogger("reasoning_occ").setLevel(logging.ERROR)
    began = time.monotonic()
    comparisons: list[measure.Comparison] = []
    growths: list[growth.Growth] = []
    begun: list[start.Start] = []
    checked: list[attention_check.Checked] = []
    speeds: list[gpu.Speed] = []
    roofline = measure.roofline()
    machine = measure.machine(chosen.threads)
    print(page.machine_line(machine, roofline), flush=True)
    if "start" in chosen.only:
        for command in start.starts(chosen.quick):
            begun.append(command)
            print(page.start_line(command), flush=True)
    compared: dict[str, Callable[[bool], Iterator[measure.Comparison]]] = {
        "sft": sft.compare,
        "ranking": ranking.compare,
        "writing": writing.compare,
    }
    for section, compare in compared.items():
        if section in chosen.only:
            for comparison in compare(chosen.quick):
                comparisons.append(comparison)
                print(page.line(comparison), flush=True)
    if "growth" in chosen.only:
        for one in growth.grow(chosen.quick):
            growths.append(one)
            print(page.growth_line(one), flush=True)
    if "gpu" in chosen.only and torch.cuda.is_available():
        for one in attention_check.check(torch.device("cuda"), attention_check.people(8192)):
            checked.append(one)
            print(one, flush=True)
        for speed in gpu.speeds(torch.device("cuda"), people=16 if chosen.quick else 400, micro_tokens=16_384):
            speeds.append(speed)
            print(speed, flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"took {minutes:.1f} minutes")
    if not chosen.quick and set(chosen.only) == set(SECTIONS):
        results = {
            "machine": machine,
            "roofline": roofline,
            "minutes": minutes,
            "comparisons": [comparison.row() for comparison in comparisons],
            "growth": [
                {"work": g.work, "sizes": g.sizes, "seconds": g.seconds, "mib": g.mib, "slopes": g.slopes}
                for g in growths
            ],
            "start": [{"what": s.what, "seconds": s.seconds, "goal": s.goal} for s in begun],
            "attention": [asdict(one) for one in checked],
            "gpu": [asdict(speed) for speed in speeds],
        }
        (chosen.out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        page.write(chosen.out, machine, roofline, minutes, comparisons, growths, begun, checked, speeds)


if __name__ == "__main__":
    main()
