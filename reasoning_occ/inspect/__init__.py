"""What a data set holds, and what in it looks like a leak: `python -m reasoning_occ.inspect`."""

if __name__ == "inspect":
    # Python was started in the folder above, or with a file of it, and looks here for its own module of this name
    import sys
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec
    from pathlib import Path

    _above = Path(__file__).resolve().parents[1]
    _spec = PathFinder.find_spec("inspect", [folder for folder in sys.path if Path(folder).resolve() != _above])
    assert _spec is not None and _spec.loader is not None
    sys.modules["inspect"] = _own = module_from_spec(_spec)
    _spec.loader.exec_module(_own)
