"""Names of processes, and whether a process is still there."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Names this process for good: another that gets its number later has another name."""
    return f"{socket.gethostname()} {_boot()} {os.getpid()} {_began(os.getpid())}"


def lives(owner: str) -> bool:
    """Whether the process of that name may still be there; one of another machine may, until its lease ends."""
    host, boot, number, began = owner.rsplit(" ", 3)
    if host != socket.gethostname():
        return True
    if boot != _boot():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _began(int(number)) == began


def _boot() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.is_file() else "-"


def _began(number: int) -> str:
    """When a process began, in ticks since the machine did; "-" where that can't be known."""
    try:
        # the second field is the program's name in brackets, which may hold anything
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "-"
