import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from reasoning_occ import machine

GIVEN_BACK = """
import ctypes
from reasoning_occ.machine import keep_memory

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Info
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
print(keep_memory())
block = libc.malloc(100 * 2**20)
fetched = libc.mallinfo2().hblkhd
libc.free(block)
print(fetched >= 100 * 2**20, libc.mallinfo2().arena >= 100 * 2**20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_large_blocks_are_kept_unless_the_environment_says_otherwise():
    def run(**more):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
        done = subprocess.run(
            [sys.executable, "-c", GIVEN_BACK], env={**plain, **more}, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    kept, from_kernel, still_here = run()
    assert (kept, from_kernel, still_here) == ("True", "False", "True")
    kept, from_kernel, still_here = run(MALLOC_ARENA_MAX="2")
    assert (kept, from_kernel, still_here) == ("False", "True", "False")


CLAIM = """
import os
import sys
from reasoning_occ.machine import own_gpus
own_gpus(int(sys.argv[1]))
print(os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
input()
"""


def test_jobs_side_by_side_get_a_gpu_each_and_share_when_there_are_none_left(tmp_path):
    def claim(visible, count=1):
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": visible, "TMPDIR": str(tmp_path)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([sys.executable, "-c", CLAIM, str(count)], env=environment, **pipes)

    holders = [claim("3,5"), claim("3,5")]
    assert sorted(holder.stdout.readline().strip() for holder in holders) == ["3", "5"]
    third = claim("3,5")
    assert third.stdout.readline() in ("3\n", "5\n")
    alone = claim("7")
    assert alone.stdout.readline() == "7\n"
    assert "2 GPUs have jobs enough; this one shares GPU" in third.communicate("\n", timeout=30)[1]
    for process in (*holders, alone):
        assert process.communicate("\n", timeout=30)[1] == ""


def test_a_job_of_several_devices_gets_as_many_gpus(tmp_path):
    def claim(count):
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": "0,1,2,3,4", "TMPDIR": str(tmp_path)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        holder = subprocess.Popen([sys.executable, "-c", CLAIM, str(count)], env=environment, **pipes)
        return holder, holder.stdout.readline().strip().split(",")

    (first, two), (second, others), (third, shared), (fourth, all_of_them) = (claim(n) for n in (2, 2, 2, 5))
    assert (two, others) == (["0", "1"], ["2", "3"]) and all_of_them == ["0", "1", "2", "3", "4"]
    assert shared[0] == "4" and len(set(shared)) == 2
    told = [process.communicate("\n", timeout=30)[1] for process in (first, second, third, fourth)]
    assert [bool(words) for words in told] == [False, False, True, False]


def test_this_python_is_told_as_it_is_typed(tmp_path, monkeypatch):
    ours = tmp_path / ".venv" / "bin" / "python"
    ours.parent.mkdir(parents=True)
    ours.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(ours))
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir(tmp_path)
    assert machine.python() == ".venv/bin/python"
    monkeypatch.chdir("/")
    assert machine.python() == str(ours).lstrip("/") and Path(machine.python()).is_file()
    monkeypatch.setenv("PATH", f"{ours.parent}:/usr/bin")
    assert machine.python() == "python"
