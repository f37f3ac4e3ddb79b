"""The page for a long day: memory doesn't grow with what is asked of it."""

import json
import re
import sys
from pathlib import Path

import pytest
from page_command import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
MIB = 2**20
ROUNDS = 25


def held(process):
    """Bytes of memory that a process holds now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def test_a_hundred_careers_leave_nothing_behind(finished, tmp_path, visit):
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')

    def career(n):
        jobs = [{"position": f"Shop manager no. {n}", "startDate": "2001"}, {"position": "Nurse", "startDate": "2009"}]
        return json.dumps({"work": jobs, "education": [{"studyType": f"Degree {n}", "endDate": "1999"}]})

    def rounds(page, numbers):
        for n in numbers:
            page.get_by_label(re.compile("Or paste JSON")).fill(career(n))
            page.get_by_role("button", name="Read what is pasted").click()
            page.locator("#try-shown").get_by_text(f"Degree {n}").wait_for()
            page.get_by_role("button", name="What comes next?").click()
            page.locator("#try-message").get_by_text("Ranked.").wait_for()

    with command(tmp_path, f"run={finished / 'joint'}", "reasons=2") as served:
        sizes = []
        for start in range(0, 4 * ROUNDS, ROUNDS):
            page = visit(served.address)
            page.get_by_role("button", name="Paste or upload").click()
            rounds(page, range(start, start + ROUNDS))
            page.close()
            sizes.append(held(served.process))
    # caches grow at first: 20 MiB or so by the third quarter, little after
    assert sizes[-1] - sizes[0] < 48 * MIB, [f"{size / MIB:.0f} MiB" for size in sizes]
