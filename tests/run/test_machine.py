import os
import platform
import subprocess
import sys

import pytest

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
