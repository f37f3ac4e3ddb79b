"""What calls to a judge cost beside waiting for it: seconds against the ideal, memory, and a start with a full ledger.

    python -m experiments.bench.oracle             prints
    python -m experiments.bench.oracle --write     and puts it into README.md

A server in a process of its own answers every call after 200 ms and sends away what goes beyond 64 at once. A judge
with its real prompts, over careers of the embedded survey, asks it about 2,000 reasons by three criteria, through the
`anthropic` SDK and the ledger; the ideal is 64 calls under way at all times. Then another process asks the same. Only
the asking is timed; imports and careers come before, and are in the seconds of the whole process.
"""

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from experiments.marks import README, put

REASONS = 2000
CALLS = 3 * REASONS
LATENCY = 0.2
AT_ONCE = 64
MOST, MOST_AGAIN = 1.25, 5.0
"""Goals: times the ideal, and seconds of the second start."""
PAGES = Path("/proc/self/statm")
VERDICT = {"justification": "What it claims is in the history, and it follows.", "errors": [], "score": 4}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": json.dumps(VERDICT)}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 700, "output_tokens": 40, "cache_read_input_tokens": 0},
}


class Server:
    """Answers after the latency; counts what it sent away."""

    def __init__(self) -> None:
        self.under_way = 0
        self.sent_away = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                if self.under_way >= AT_ONCE:
                    self.sent_away += 1
                    print(self.sent_away, flush=True)
                    writer.write(_response("429 Too Many Requests", {"error": {"message": "too many"}}))
                else:
                    self.under_way += 1
                    await asyncio.sleep(LATENCY)
                    self.under_way -= 1
                    writer.write(_response("200 OK", MESSAGE))
                await writer.drain()
        writer.close()


def _response(status: str, body: dict[str, Any]) -> bytes:
    text = json.dumps(body)
    return f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n{text}".encode()


async def serve() -> None:
    """Serve until killed; prints the address, then every call that was sent away."""
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0, backlog=1024)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def ask(url: str, ledger: Path) -> dict[str, Any]:
    """Ask about all reasons once; what it took."""
    from reasoning_occ.careers.nls import NLS
    from reasoning_occ.config import CONF
    from reasoning_occ.language.render import events
    from reasoning_occ.reasons.calls.desk import Desk
    from reasoning_occ.reasons.judges.anthropic import AnthropicJudge
    from reasoning_occ.reasons.types import CRITERIA, Case

    survey = NLS().load()
    transitions = [t for career in survey.careers for t in career.transitions()][:REASONS]
    cases = [
        Case(t.history, f"Their way so far: {'; '.join(events(t.history, survey.taxonomy)[-4:])}. {n}", t.target)
        for n, t in enumerate(transitions)
    ]
    fields = ["occupation", "dates", "education"]
    desk = Desk(ledger=ledger, prices=CONF / "prices.yaml", budget_usd=100.0, send=fields, local_only=True)
    judge = AnthropicJudge(
        survey.taxonomy,
        desk,
        model="claude-sonnet-5-5",
        base_url=url,
        max_tokens=600,
        at_once=AT_ONCE,
        timeout=60,
        deadline=300,
        parameters={"effort": "low"},
    )
    import anthropic  # noqa: F401  (imported by the first call else)

    mib: list[float] = []
    before, used, began = _mib(), _cpu(), time.perf_counter()
    verdicts = judge.judge_all(cases, lambda words: mib.append(_mib()))
    seconds = time.perf_counter() - began
    assert all(verdict.scores[criterion].value == 4 for verdict in verdicts for criterion in CRITERIA)
    return {
        "seconds": seconds,
        "cpu": _cpu() - used,
        "mib": [before, *(mib[i] for i in (len(mib) // 10, len(mib) // 2, -1) if mib), _mib()],
    }


def _mib() -> float:
    """Resident memory; NaN where Linux does not tell it."""
    if not PAGES.is_file():
        return float("nan")
    return int(PAGES.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Start the server, ask twice, print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--ask", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve())
    elif chosen.ask:
        print(json.dumps(ask(chosen.ask[0], Path(chosen.ask[1]))))
    else:
        found = compare()
        if chosen.write:
            from experiments.bench.measure import machine  # imports torch, which the processes measured don't need

            cpu = machine(os.cpu_count() or 1)
            put(README, "oracle", [f"{cpu['cpu']}, {cpu['threads']} threads:", "", *(f"- {line}" for line in found)])


def compare() -> list[str]:
    """Both starts against one server, printed as they are known; the lines."""
    told: list[str] = []

    def say(words: str) -> None:
        print(words, flush=True)
        told.append(words)

    command = [sys.executable, "-m", "experiments.bench.oracle"]
    ideal = CALLS * LATENCY / AT_ONCE
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([*command, "--serve"], stdout=subprocess.PIPE, text=True) as server,
    ):
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            for start in ("all asked", "all known"):
                began = time.perf_counter()
                done = subprocess.run(
                    [*command, "--ask", url, f"{folder}/ledger.sqlite"],
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "ANTHROPIC_API_KEY": "none"},
                )
                whole = time.perf_counter() - began
                say(line(start, json.loads(done.stdout), whole, ideal if start == "all asked" else None))
        finally:
            server.terminate()
            sent_away = len(server.stdout.readlines())
    say(f"{sent_away} calls were sent away because {AT_ONCE} were under way")
    return told


def line(start: str, told: dict[str, Any], whole: float, ideal: float | None) -> str:
    """One start's figures."""
    if ideal is None:
        goal = f"goal at most {MOST_AGAIN:g} s"
    else:
        goal = f"ideal {ideal:.2f} s, ratio {told['seconds'] / ideal:.3f}, goal at most {MOST}"
    before, *later = told["mib"]
    rises = "".join(
        f"{mib:.0f} {when}, " for mib, when in zip(later[:-1], ("at a tenth", "at half", "at the end"), strict=False)
    )
    return (
        f"{CALLS:,} calls, {start}: {told['seconds']:.2f} s ({goal}); {told['cpu'] / CALLS * 1000:.2f} ms of processor "
        f"a call; whole process {whole:.1f} s; MiB {before:.0f} before, {rises}{later[-1]:.0f} after"
    )


if __name__ == "__main__":
    main()
