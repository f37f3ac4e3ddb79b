"""A page in the browser over a finished run: `python -m reasoning_occ.app run=RUN_DIR`."""
