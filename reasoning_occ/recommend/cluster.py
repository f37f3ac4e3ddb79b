"""Many people over Ray Data, for more than one machine: the same batches, and so the same rows, as without it.

One task on this machine reads the input in order. Workers, wherever the cluster has room, open the run once each and
rank batches as they come; the answers return in order. The run's folder, its data and its weights must lie at the same
place on every machine. What the input holds goes through Ray's object store and into none of its logs.
"""

import json
import logging
import os
import pickle
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.recommend import batches
from reasoning_occ.recommend.batches import ERROR, Batch
from reasoning_occ.recommend.many import Engine, Read
from reasoning_occ.recommend.recommender import Recommender
from reasoning_occ.recommend.results import Choice

if TYPE_CHECKING:
    import pyarrow as pa

STORE = 256 * 2**20
"""Bytes of the object store of a Ray that is started here; reading waits while it is full."""
_ENV = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
"""Nothing is sent to Ray's makers; standard error has no notes of its inner workings."""
_LOOPBACK = ("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
"""A Ray that is started here takes 127.0.0.1, on Linux too."""


class Opening(NamedTuple):
    """How a worker opens the run: the arguments of `Recommender.load`."""

    run_dir: Path
    reasons: int | None = None
    data_dir: str | None = None
    base: str | None = None

    def load(self) -> Recommender:
        """The recommender."""
        return Recommender.load(self.run_dir, reasons=self.reasons, data_dir=self.data_dir, base=self.base)


def engine(opening: Opening, choice: Choice, workers: int | None) -> Engine:
    """Ranks over Ray Data: the cluster in RAY_ADDRESS, else one started here, which ends with the work.

    Args:
        opening: of the run; its paths hold on every machine.
        choice: what is shown of each ranking.
        workers: how many at a time; `None`: one a GPU, or one a machine where there is none.
    """

    def answered(left: Read) -> Generator[list[dict[str, Any]]]:
        with _ray() as ray:
            for cell in _cells(ray, left, opening, choice, workers):
                told = json.loads(cell)
                if ERROR in told:
                    raise UserError(told[ERROR])
                yield told["rows"]

    return answered


def _cells(ray: Any, left: Read, opening: Opening, choice: Choice, workers: int | None) -> Iterator[bytes]:
    """The answers to each batch, in order, as `_Worker` gives them."""
    from ray.data import ActorPoolStrategy, DataContext

    context = DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # a batch is a block of its own, so that workers share them
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    size, share = _shares(ray.nodes(), workers)
    here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}
    with DataContext.current(context):
        # an item at hand, where a source would need a core to be read
        read = ray.data.from_items([0]).map_batches(
            _read, fn_args=(left,), batch_format="pyarrow", num_cpus=0, label_selector=here
        )
        ranked = read.map_batches(
            _Worker,
            fn_constructor_args=(opening, choice),
            batch_size=1,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=size),
            **share,
        )
    for table in ranked.iter_batches(batch_size=1, batch_format="pyarrow"):
        yield from table.column("answer").to_pylist()


def _read(_: "pa.Table", left: Read) -> "Iterator[pa.Table]":
    """The batches of the input, a row each; an error in words in place of one, after which there are no more."""
    try:
        for batch in left():
            yield _row(batch)
    except UserError as error:
        yield _row(str(error))
    except Exception as error:
        yield _row(f"The input can't be read on ({_kind(error)}); without --engine ray the error is shown whole.")


def _row(found: Batch | str) -> "pa.Table":
    import pyarrow as pa

    return pa.table({"batch": [pickle.dumps(found)]})


class _Worker:
    """Ranks batches. No error leaves it but as words, for Ray would log what the error holds."""

    def __init__(self, opening: Opening, choice: Choice) -> None:
        self._opening, self._choice = opening, choice
        self._recommender: Recommender | None = None

    def __call__(self, table: "pa.Table") -> "pa.Table":
        """Column "batch" -> column "answer": JSON, {"rows": [...]} or {"error": ...}."""
        import pyarrow as pa

        return pa.table({"answer": [json.dumps(self._answer(cell)).encode() for cell in table["batch"].to_pylist()]})

    def _answer(self, cell: bytes) -> dict[str, Any]:
        found: Batch | str = pickle.loads(cell)
        if isinstance(found, str):
            return {ERROR: found}
        try:
            if self._recommender is None:
                self._recommender = self._opening.load()
            return {"rows": batches.answer(self._recommender, found, self._choice)}
        except UserError as error:
            return {ERROR: str(error)}
        except Exception as error:
            where = f"{found.places[0]} to {found.places[-1]}"
            return {
                ERROR: f"A worker failed at {where} ({_kind(error)}); without --engine ray the error is shown whole."
            }


def _shares(nodes: list[dict[str, Any]], workers: int | None) -> tuple[int, dict[str, float]]:
    """How many workers there are, and what each has of a machine.

    Raises:
        UserError: there is no machine to work on.
    """
    alive = [node["Resources"] for node in nodes if node["Alive"] and node["Resources"].get("CPU")]
    if not alive:
        raise UserError("--engine ray: no machine of the cluster has a core to give.")
    gpus = int(sum(node.get("GPU", 0) for node in alive))
    size = workers or gpus or len(alive)
    cores = min(node["CPU"] for node in alive) // ceil(size / len(alive))
    share = {"num_cpus": max(1.0, cores)}
    return size, share | {"num_gpus": 1.0} if gpus >= size else share


@contextmanager
def _ray() -> Iterator[Any]:
    for name, value in _ENV.items():
        os.environ.setdefault(name, value)  # read by Ray as it is imported
    if not os.environ.get("RAY_ADDRESS"):
        os.environ.setdefault(*_LOOPBACK)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError(f"--engine ray: {error.name} is missing; pip install 'reasoning-occ[ray-data]'.") from error
    if ray.is_initialized():
        yield ray
        return
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    local = {
        "address": "local",
        "num_cpus": len(os.sched_getaffinity(0)),
        "object_store_memory": STORE,
        "include_dashboard": False,
    }
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **({} if os.environ.get("RAY_ADDRESS") else local))
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise UserError(f"--engine ray: there is no Ray to be had ({str(error).strip().splitlines()[0]}).") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _kind(error: Exception) -> str:
    return type(error).__name__
