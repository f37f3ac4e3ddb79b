"""What is looked at in the settings of teachers and judges before anything is asked."""

from pathlib import Path

from reasoning_occ.errors import UserError


def check_counts(role: str, **values: int) -> None:
    """Raise a UserError unless all are whole numbers above 0, naming the first that is not.

    Args:
        role: the part of the configuration, such as "teacher".
        values: by their keys in it.
    """
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise UserError(f"{role}.{name}: expected a whole number above 0; got {value}.")


def check_model(role: str, name: str | None) -> None:
    """Raise a UserError where a model's name is plainly that of a file or a folder, and there is none."""
    if name is not None and name.startswith(("/", "~", ".")) and not Path(name).expanduser().exists():
        raise UserError(f"{role}.model: there is no {name}; give a folder of safetensors, a .gguf file or a hub name.")


def check_run(key: str, name: str | None) -> None:
    """Raise a UserError where a folder is named that is not of a finished run with a trained model.

    Args:
        key: of the configuration, such as "judge.predictor".
        name: the folder; None: none is named.
    """
    if name is None:
        return
    if not isinstance(name, str):
        raise UserError(f"{key}: expected the folder of a finished run of method=joint, or null; got {name!r}.")
    learnt = (Path("adapter") / "adapter_config.json", Path("model") / "config.json")
    if not any((Path(name).expanduser() / file).is_file() for file in learnt):
        raise UserError(
            f"{key}: {name} is not the folder of a finished run (it has no adapter and no model); "
            "give one of method=joint, or null."
        )
