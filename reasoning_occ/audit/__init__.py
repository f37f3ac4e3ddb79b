"""The audit of a run's judge: `python -m reasoning_occ.audit RUN_DIR`."""
