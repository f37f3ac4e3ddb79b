"""The page of `python -m reasoning_occ.run --help`, written from the files of `conf/` as they stand.

Hydra's own help composes the configuration and copies its repository once a group, a second's work; this reads files.
"""

from pathlib import Path

from reasoning_occ.config import CONF

WORDS = ("-h", "--help")
EXAMPLES = """\
reasoning_occ.run - learn and score one recommender of the next occupation.

  python -m reasoning_occ.run                                     the main job on the embedded careers
  python -m reasoning_occ.run method=direct data.people=all       no reason, everyone in the survey
  python -m reasoning_occ.run baseline=markov                     a baseline in place of a method
  python -m reasoning_occ.run data=json data.path=people.jsonl    your own careers
  python -m reasoning_occ.run -m method=joint,direct              a sweep, with one table over its jobs
  python -m reasoning_occ.run -m row=joint,direct,markov          methods and baselines in one table
  python -m reasoning_occ.run -m model=qwen,llama debug=tiny      the paper's families, tiny and random
  python -m reasoning_occ.report sweeps/NAME                      how far a sweep is, at any time

The same command goes on where it was cut off; a finished run is shown again, not run again. In a sweep one failed job
does not stop the others; given again, the command skips those that are done, goes on with those cut off, and tries
those that failed once more.

Exit codes: 0 all is done; 1 an error, told in a sentence; 130 stopped by Ctrl-C; 2 a command that can't be read.
After a sweep, the number of its jobs that are not done (100 for more). So 1 and 2 can mean either there; a sweep that
began prints the count of its jobs, such as "4 jobs: 2 done, 2 failed.", an error before that prints none.
"""
FOOTER = """\
-m sweeps over comma-separated values; --cfg job prints what a job would get, with your words in it."""


def page() -> str:
    """Examples, the choices of every group with a line each, and every default with its comment."""
    chosen = defaults()
    groups = sorted(folder.name for folder in CONF.iterdir() if any(folder.glob("*.yaml")))
    parts = [EXAMPLES, "Choose one of each group with group=name (* is the default):\n"]
    parts += [choices(group, chosen.get(group)) for group in groups]
    parts.append("Change any value with key=value:\n")
    parts.append(own_part((CONF / "config.yaml").read_text(encoding="utf-8")))
    parts += [nested(group, name) for group, name in sorted(chosen.items()) if name]
    return "\n".join([*parts, FOOTER])


def defaults() -> dict[str, str | None]:
    """The choice of each group when none is given; `None` for a group that is left out."""
    from omegaconf import OmegaConf

    listed = OmegaConf.to_container(OmegaConf.load(CONF / "config.yaml"))
    assert isinstance(listed, dict)
    return {group: name for entry in listed["defaults"] if isinstance(entry, dict) for group, name in entry.items()}


def choices(group: str, default: str | None) -> str:
    """The files of a group, a line each: its name and the first sentence of its opening comment."""
    files = sorted((CONF / group).glob("*.yaml"))
    width = max(len(file.stem) for file in files) + 1
    lines = [f"    {file.stem + '*' * (file.stem == default):<{width}}  {first_sentence(file)}" for file in files]
    return "\n".join([f"  {group}", *lines, ""])


def first_sentence(file: Path) -> str:
    """Of the comment that a configuration file begins with."""
    words: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            words.append(line.removeprefix("#").strip())
    return " ".join(words).partition(". ")[0].rstrip(".")


def own_part(text: str) -> str:
    """`config.yaml` without its list of defaults and what it tells Hydra."""
    blocks = [block.strip("\n") for block in text.split("\n\n")]
    kept = [block for block in blocks if not block.lstrip("# \n").startswith("hydra:") and "\ndefaults:" not in block]
    return indent("\n\n".join(kept))


def nested(group: str, name: str) -> str:
    """A group's default file under the key that it fills, its opening comment left out (the choices showed it)."""
    lines = (CONF / group / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    key = filled(group, name)
    while lines and (lines[0].startswith("#") or not lines[0]):
        del lines[0]
    if key == "_global_":
        return indent("\n".join(lines))
    return indent("\n".join([f"{key}:", *(f"  {line}" for line in lines)]))


def filled(group: str, name: str) -> str:
    """The key of the configuration that a file of a group fills: the group's own unless its first line says another."""
    first = (CONF / group / f"{name}.yaml").read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# @package ") if first.startswith("# @package ") else group


def indent(text: str) -> str:
    """Two spaces before every line that holds something, and an empty line after."""
    return "".join(f"  {line}\n" if line.strip() else "\n" for line in text.splitlines())
