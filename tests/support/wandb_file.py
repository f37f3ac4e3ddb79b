"""Reads what W&B keeps of an offline run: a log of protobuf records, cut into blocks of 32 KiB as LevelDB does it."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

BLOCK, HEADER, BEGIN, END = 32768, 7, (1, 2), (1, 4)
"""Bytes of a block and of a piece's header; the kinds of pieces that begin a record, and that end one."""


@dataclass
class Logged:
    """What a run's file says."""

    run: Any = None
    exit_code: int | None = None
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[str] = field(default_factory=list)


def read(path: Path) -> Logged:
    """All of a file."""
    found = Logged()
    for record in _records(path.read_bytes()):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found.run = record.run
            found.config |= {item.key: json.loads(item.value_json) for item in record.run.config.update}
        elif kind == "summary":
            found.summary |= {_key(item): json.loads(item.value_json) for item in record.summary.update}
        elif kind == "history":
            found.history.append({_key(item): json.loads(item.value_json) for item in record.history.item})
        elif kind == "exit":
            found.exit_code = record.exit.exit_code
        elif kind == "artifact":
            found.artifacts.append(record.artifact.name)
        elif kind == "request" and record.request.WhichOneof("request_type") == "log_artifact":
            found.artifacts.append(record.request.log_artifact.artifact.name)
    return found


def _key(item: Any) -> str:
    return item.key or "/".join(item.nested_key)


def _records(content: bytes) -> Iterator[Any]:
    place, whole = HEADER, b""  # the file's own header is as long as a piece's
    while place + HEADER <= len(content):
        left = BLOCK - place % BLOCK
        if left < HEADER:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", content[place : place + HEADER])
        place += HEADER
        whole = content[place : place + length] if kind in BEGIN else whole + content[place : place + length]
        place += length
        if kind in END and whole:
            record = Record()
            record.ParseFromString(whole)
            yield record
