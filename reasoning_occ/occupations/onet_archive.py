"""The O*NET tables, downloaded once into the user's cache where the folder of data sets has none.

`downloads/NAME/tables/` in the cache holds the tables and `record.json`, whole or not at all: they are unpacked and
read beside their place and moved there last. The record keeps what was downloaded and the checksum of each table, to
which every later start holds them. NAME ends in a few digits of the address, so that two releases never meet.
"""

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from reasoning_occ.download import fetch
from reasoning_occ.errors import UserError
from reasoning_occ.files import alone, cache, write_json
from reasoning_occ.occupations import onet
from reasoning_occ.occupations.data_dir import VARIABLE, last_resort, resolve
from reasoning_occ.progress import console

TABLES = ("Occupation Data.txt", "Alternate Titles.txt", "Related Occupations.txt", "Job Zones.txt")
RECORD = "record.json"
MOST_ARCHIVE = 200_000_000
"""Bytes, ours; and of one table, unpacked: bounds against a disk filled by mistake, far above what the tables need."""
MOST_TABLE = 100_000_000
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Archive:
    """What may be downloaded (`onet` in conf/config.yaml).

    download: whether it may. url: its address. sha256: what it must be, in hex; `None`: what came first.
    titles: how many occupations it must have; `None`: any number.
    """

    download: bool
    url: str
    sha256: str | None
    titles: int | None


def here(data_dir: str | None, archive: Archive) -> Path | None:
    """The folder of the tables: `onet` in the folder of data sets, else what was downloaded; `None`: neither is there.

    Raises:
        UserError: the folder of data sets does not exist, or what was downloaded is not what it was.
    """
    folder = resolve(data_dir)
    if folder is not None and (folder / "onet").is_dir():
        return folder / "onet"
    tables = _place(archive) / "tables"
    return _checked(tables, archive) if tables.is_dir() else None


def download(data_dir: str | None, archive: Archive) -> Path:
    """Download and unpack the tables; where another job is at it, wait and take what it gets.

    Args:
        data_dir: the folder of data sets, if configured: told where the tables can be put by hand.
        archive: what to download.

    Raises:
        UserError: it may not be downloaded, can't be, or is not what was expected; says what to do by hand.
    """
    folder = (resolve(data_dir) or last_resort()) / "onet"
    by_hand = (
        f"Or get {archive.url} yourself and unpack {', '.join(TABLES)} from it into {folder}; data_dir (or {VARIABLE}) "
        "can name another folder that holds onet/."
    )
    if not archive.download:
        raise UserError(f"data.taxonomy=onet: there are no O*NET tables and onet.download=false. {by_hand[3:]}")
    place = _place(archive)
    with alone(place, lambda: console.print("Another job downloads O*NET: waiting for it.", soft_wrap=True)):
        if not (place / "tables").is_dir():
            zipped = place / "archive.zip"
            try:
                if not zipped.is_file():
                    fetch(archive.url, zipped, "O*NET", MOST_ARCHIVE)
                _unpack(zipped, place, archive)
            except UserError as error:
                raise UserError(f"data.taxonomy=onet: {error} {by_hand}") from error
            zipped.unlink()
    return _checked(place / "tables", archive)


def _place(archive: Archive) -> Path:
    name = PurePosixPath(urlsplit(archive.url).path).stem or "onet"
    return cache() / "downloads" / f"{name}-{hashlib.sha256(archive.url.encode()).hexdigest()[:8]}"


def _unpack(zipped: Path, place: Path, archive: Archive) -> None:
    """Put the tables and their record in place.

    Raises:
        UserError: the archive is not what was expected, and is removed; or the disk is full.
    """
    beside = place / ".tables.part"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir()
        sha256 = _sha256(zipped)
        if archive.sha256 is not None and sha256 != archive.sha256.lower():
            raise _Unfit(f"its sha256 is {sha256}, not onet.sha256={archive.sha256}")
        with zipfile.ZipFile(zipped) as opened:
            for table in TABLES:
                _take(opened, table, beside / table)
        _read(beside, archive)
        sums = {table: _sha256(beside / table) for table in TABLES}
        record = {"url": archive.url, "bytes": zipped.stat().st_size, "sha256": sha256, "tables": sums}
        write_json(beside / RECORD, record)
        beside.rename(place / "tables")
    # a zip with a spoilt directory raises many things
    except (_Unfit, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        zipped.unlink(missing_ok=True)
        raise UserError(
            f"what {archive.url} gave is not the archive expected: {error}. It was removed; start again to get it anew."
        ) from error
    except OSError as error:
        raise UserError(f"could not unpack {zipped}: {error.strerror or error}. Free some space.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


class _Unfit(Exception):
    """Not the archive that was expected; says why."""


def _take(opened: zipfile.ZipFile, table: str, target: Path) -> None:
    """Unpack one member, found by its last name and written under ours, whatever folders its name holds; reading it to
    its end checks its CRC."""
    members = [member for member in opened.infolist() if PurePosixPath(member.filename).name == table]
    if len(members) != 1:
        raise _Unfit(f"it holds {len(members)} files '{table}', expected one")
    if members[0].file_size > MOST_TABLE:
        raise _Unfit(f"'{table}' has {members[0].file_size:,} bytes, more than the {MOST_TABLE:,} allowed")
    with opened.open(members[0]) as packed, open(target, "wb") as file:
        # zipfile gives no more than the size that the member claims
        shutil.copyfileobj(packed, file, _BLOCK)
        file.flush()
        os.fsync(file.fileno())


def _read(folder: Path, archive: Archive) -> None:
    """Read the tables as a job does."""
    try:
        titles = len(onet.taxonomy(folder))
        onet.job_zones(folder)
    except (UserError, UnicodeDecodeError) as error:
        raise _Unfit(str(error).replace(f"{folder}{os.sep}", "")) from error
    if titles != (archive.titles or titles):
        raise _Unfit(f"it has {titles:,} occupations, not onet.titles={archive.titles}")


def _checked(tables: Path, archive: Archive) -> Path:
    """The folder, if its tables are what was downloaded.

    Raises:
        UserError: they are not, or not of the archive that is wanted now.
    """
    again = f"Remove the folder {tables} and start again to download it anew."
    try:
        record = json.loads((tables / RECORD).read_text(encoding="utf-8"))
        changed = [table for table in TABLES if _sha256(tables / table) != record["tables"][table]]
        sha256 = record["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"data.taxonomy=onet: {tables} is damaged ({error}). {again}") from error
    if changed:
        raise UserError(f"data.taxonomy=onet: {tables / changed[0]} has changed since it was downloaded. {again}")
    if archive.sha256 is not None and sha256 != archive.sha256.lower():
        raise UserError(
            f"onet.sha256={archive.sha256}: {tables} came from an archive whose sha256 is {sha256}. {again}"
        )
    return tables


def _sha256(path: Path) -> str:
    """Of a file's content alone, as `sha256sum` prints it."""
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
