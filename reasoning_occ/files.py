"""Files that are whole or absent: written beside their place, flushed, then moved there."""

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from reasoning_occ.errors import UserError


def cache() -> Path:
    """Where what takes long to get is kept for all jobs: `REASONING_OCC_CACHE`, else the user's cache."""
    return Path(os.environ.get("REASONING_OCC_CACHE") or Path.home() / ".cache" / "reasoning_occ")


@contextmanager
def whole(path: Path) -> Iterator[IO[str]]:
    """Open `path` for writing so that it appears whole or not at all, even at kill -9.

    Raises:
        UserError: the disk is full or the folder can't be written; nothing is left behind.
    """
    with _beside(path, "w", encoding="utf-8", newline="\n") as file:
        yield file


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        UserError: as `whole`.
    """
    with _beside(path, "wb") as file:
        file.write(content)


@contextmanager
def _beside(path: Path, *how: Any, **also: Any) -> Iterator[IO[Any]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, *how, **also) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise UserError(
            f"Could not write {path}: {error.strerror or error}. Free some space or choose another folder."
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value, whole or not at all."""
    with whole(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2, allow_nan=False)
        file.write("\n")


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line, whole or not at all."""
    with whole(path) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSONL file.

    Raises:
        UserError: the file is missing, or a line is not a JSON object (names the line).
    """
    try:
        # not splitlines(), which also cuts at separators that JSON allows inside a string
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Could not read {path}: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number}: not JSON ({error.msg}).") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}: expected a JSON object, got {type(row).__name__}.")
        yield row


def checksum(path: Path) -> str:
    """SHA-256 of a file's content, or of every file below a folder in order of name."""
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]:
        digest.update(str(file.relative_to(path)).encode())
        with open(file, "rb") as content:
            while block := content.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def alone(folder: Path, busy: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold a folder for this process; the hold ends with the process, however it ends.

    Args:
        folder: made if it isn't there.
        busy: called where another process holds the folder, which is then waited for. None: that is an error.

    Raises:
        UserError: another process works in the folder, or it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w", encoding="utf-8")  # noqa: SIM115 (closed below)
    except OSError as error:
        raise UserError(f"Could not use the folder {folder}: {error.strerror or error}.") from error
    with lock:
        if not _lock(lock):
            if busy is None:
                raise UserError(f"Another process works in {folder}. Wait until it is done, or stop it first.")
            busy()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def held(folder: Path) -> bool:
    """Whether a process holds a folder, this one or another; False where the file system can't tell."""
    try:
        with open(folder / ".lock", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _lock(file: IO[str]) -> bool:
    """Lock a file for this process. Tries for half a second, for `held` takes the lock for a moment to see it."""
    for _ in range(5):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.1)
        else:
            return True
    return False


def share(source: Path, target: Path) -> None:
    """Let a finished file, or all files of a finished folder, stand at a second place too; what stood there goes.

    A second name of the same content where the disk can do that, else a copy. Such files are replaced, never written
    into, so neither place can spoil the other. A folder appears whole or not at all.

    Raises:
        UserError: the target can't be written.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove(beside)
        if source.is_dir():
            shutil.copytree(source, beside, copy_function=_link)
            _remove(target)
        else:
            _link(source, beside)
        beside.replace(target)
    except (OSError, shutil.Error) as error:
        told = getattr(error, "strerror", None) or error
        raise UserError(f"Could not write {target}: {told}. Free some space.") from error
    finally:
        _remove(beside)


def _link(source: Any, target: Any) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without second names
        shutil.copyfile(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Journal:
    """A JSONL file that grows row by row and survives kill -9: a torn last line is dropped on opening.

    `rows` holds what earlier starts wrote. `finish()` moves the journal to its final name.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = final.with_name(f"{final.stem}.part{final.suffix}")
        self.rows: list[dict[str, Any]] = []
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.is_file():
                with open(self.path, "r+b") as file:
                    file.truncate(file.read().rfind(b"\n") + 1)
                self.rows = list(read_jsonl(self.path))
        except OSError as error:
            raise UserError(f"Could not open {self.path}: {error.strerror or error}.") from error

    def append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add rows and push them to the disk.

        Raises:
            UserError: the disk is full.
        """
        added = [dict(row) for row in rows]
        try:
            with open(self.path, "a", encoding="utf-8", newline="\n") as file:
                file.writelines(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in added)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise UserError(f"Could not write {self.path}: {error.strerror or error}. Free some space.") from error
        self.rows += added

    def keep(self, rows: int) -> None:
        """Let the first rows stay and the others go."""
        if rows < len(self.rows):
            write_jsonl(self.path, self.rows[:rows])
            self.rows = self.rows[:rows]

    def finish(self) -> None:
        """Give the whole file its final name."""
        self.path.touch()
        self.path.replace(self.final)
