"""A file fetched over HTTP that goes on where it was, after a cut connection and after a kill.

Until it is whole it lies in `NAME.part`. `NAME.part.json` says which file that is the beginning of: its address, its
size, and what its server calls this version (ETag, else the time of its last change). A server that has another
version by now sends that one from its beginning (RFC 9110, If-Range).
"""

import errno
import json
import os
import re
import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from reasoning_occ import __version__
from reasoning_occ.errors import UserError
from reasoning_occ.files import write_json
from reasoning_occ.progress import bar

# ours
TRIES = 5
"""Connections in a row that bring nothing new before it is given up."""
PAUSE = 1.0
"""Seconds before the second of them; one more before each further one."""
SILENCE = 30.0
"""Seconds without a byte after which a connection counts as cut."""
_BLOCK = 1 << 16
_BUSY = (408, 429, 500, 502, 503, 504)
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EFBIG)


class _Cut(Exception):
    """A connection that ended before the file did; the next one may bring the rest."""


class _NoConnection(_Cut):
    """There was none: no network, no such server, no trust in its certificate."""


class _Version(NamedTuple):
    """Which file a part is the beginning of. size: bytes; validator: "" where the server names no version."""

    url: str
    size: int | None
    validator: str


def fetch(url: str, target: Path, what: str, most: int) -> None:
    """Download a file to `target`, under a bar with the time left. The caller holds the folder (`files.alone`).

    Args:
        url: its address, http or https.
        target: where the whole file shall lie; nothing lies there before.
        what: its name for people.
        most: bytes above which it is not taken.

    Raises:
        UserError: it can't be had, in a sentence without a remedy; what has come stays for the next start.
    """
    part = target.with_name(f"{target.name}.part")
    longest = fruitless = 0
    connected = False
    with bar() as display:
        task = display.add_task(f"Downloading {what}", total=None, note="KB")
        while True:
            try:
                for come, size in _connection(url, part, most):
                    connected = True
                    display.update(task, completed=come // 1000, total=None if size is None else size // 1000)
                break
            except _Cut as cut:
                reached = part.stat().st_size if part.is_file() else 0
                fruitless = 0 if reached > longest else fruitless + 1
                longest = max(longest, reached)
                connected = connected or not isinstance(cut, _NoConnection)
                if fruitless == TRIES or not connected:
                    told = f" after {reached / 1e6:.1f} MB" if reached else ""
                    raise UserError(f"{what} could not be downloaded from {url}{told}: {cut}.") from cut
                time.sleep(PAUSE * fruitless)
    part.replace(target)
    _note(part).unlink()


def _connection(url: str, part: Path, most: int) -> Iterator[tuple[int, int | None]]:
    """Yields bytes there are and bytes there will be, while one connection brings more; ends with the whole file."""
    version = _beginning(url, part)
    come = part.stat().st_size if version else 0
    if version and come == version.size:
        return
    try:
        with urlopen(_request(url, come, version), timeout=SILENCE) as answer:
            come, version = _agreed(url, answer, part, come, version)
            limit = most if version.size is None else version.size
            if limit > most:
                raise UserError(f"{url} has {limit:,} bytes, more than the {most:,} expected.")
            with open(part, "ab" if come else "wb") as file:
                while block := answer.read(_BLOCK):
                    come += len(block)
                    if come > limit:
                        raise UserError(f"{url} has more bytes than the {limit:,} expected.")
                    file.write(block)
                    yield come, version.size
                file.flush()
                os.fsync(file.fileno())
    except (OSError, HTTPException) as error:
        raise _told(url, part, error) from error
    if version.size is not None and come < version.size:
        raise _Cut("the connection ended too early")


def _request(url: str, come: int, version: _Version | None) -> Request:
    headers = {"User-Agent": f"reasoning-occ/{__version__}"}
    if version:
        headers |= {"Range": f"bytes={come}-", "If-Range": version.validator}
    return Request(url, headers=headers)


def _agreed(url: str, answer: HTTPResponse, part: Path, come: int, version: _Version | None) -> tuple[int, _Version]:
    """From which byte of which version an answer goes on."""
    if url.startswith("https:") and not answer.url.startswith("https:"):
        raise UserError(f"{url} leads to {answer.url}, where anyone between could change it.")
    if version is None or answer.status != 206:
        return 0, _begun(url, answer, part)
    if not _continues(answer, come, version):
        _forget(part)
        raise _Cut("its server mixed up two versions of it")
    return come, version


def _told(url: str, part: Path, error: OSError | HTTPException) -> Exception:
    """What a failed connection means: `_Cut` where another one may do better."""
    if isinstance(error, HTTPError):
        if error.code == 416:
            _forget(part)
        elif error.code not in _BUSY:
            return UserError(f"{url} was answered with {error.code} {error.reason}.")
        return _Cut(f"it was answered with {error.code} {error.reason}")
    if isinstance(error, URLError):
        return _NoConnection(str(error.reason))
    if isinstance(error, OSError) and error.errno in _DISK:
        return UserError(f"Could not write {part}: {error.strerror}. Free some space.")
    return _Cut(str(error) or type(error).__name__)


def _begun(url: str, answer: HTTPResponse, part: Path) -> _Version:
    """Start a part anew, for the version that is about to come."""
    length, tag = answer.headers["Content-Length"], answer.headers["ETag"] or ""
    # a weak tag may stand for files of different bytes
    validator = answer.headers["Last-Modified"] or "" if not tag or tag.startswith("W/") else tag
    version = _Version(url, int(length) if (length or "").isdecimal() else None, validator)
    part.unlink(missing_ok=True)
    write_json(_note(part), version._asdict())
    return version


def _beginning(url: str, part: Path) -> _Version | None:
    """What an earlier connection left of this file; `None` where there is nothing that can be gone on with."""
    try:
        version = _Version(**json.loads(_note(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    there = part.is_file() and 0 < part.stat().st_size <= (version.size or part.stat().st_size)
    return version if there and version.url == url and version.validator else None


def _continues(answer: HTTPResponse, come: int, version: _Version) -> bool:
    """Whether a partial answer begins where the part ends, and is of the same version."""
    said = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers["Content-Range"] or "")
    named = (answer.headers["ETag"], answer.headers["Last-Modified"])
    return (
        said is not None
        and int(said[1]) == come
        and said[2] in ("*", str(version.size))
        and (named == (None, None) or version.validator in named)
    )


def _forget(part: Path) -> None:
    _note(part).unlink(missing_ok=True)
    part.unlink(missing_ok=True)


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")
