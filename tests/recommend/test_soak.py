"""Memory doesn't grow with the number of people."""

import json
import os
import subprocess
import sys

import pytest

MIB = 2**20
# the command, then the most memory that its process ever held, in KiB; getrusage would tell its parent's, too
PEAK = """
import re, sys
from reasoning_occ.recommend.__main__ import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
sys.exit(code)
"""


def peak(run, folder, n):
    """Bytes held at most for n people, each with titles that nobody else has."""
    path, output = folder / f"{n}.jsonl", folder / f"{n}.out.jsonl"
    with path.open("w") as file:
        for i in range(n):
            jobs = [
                {"occupation": f"Shop manager no. {i}", "start": "2001"},
                {"occupation": f"Nurse on ward {i}", "start": "2004"},
            ]
            file.write(json.dumps({"id": f"p{i}", "jobs": jobs}) + "\n")
    words = [f"run={run}", str(path), "--output", str(output), "--k", "10"]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *words], env=os.environ, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    with output.open() as file:
        told = [json.loads(line)["place"] for line in file]
    assert told == [f"line {i}" for i in range(1, n + 1)]
    return int(done.stdout) * 1024


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ten_times_as_many_people_need_no_more_memory(markov, tmp_path):
    few, many = (peak(markov, tmp_path, n) for n in (2_000, 20_000))
    # answers of 20,000 people are 30 MB, their titles found so far some MB at most
    assert many - few < 16 * MIB, f"{few / MIB:.0f} and {many / MIB:.0f} MiB"
