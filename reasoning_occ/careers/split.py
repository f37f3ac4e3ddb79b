"""Who learns, who chooses, who is tested: splits by person, and by time where a cut is given.

A person's place depends on the seed and the person's id alone, so nobody moves when people are added or left out.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reasoning_occ.careers.source import Part
from reasoning_occ.careers.types import Career, Date, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.data_dir import located


@dataclass(frozen=True, slots=True)
class Split:
    """Transitions of three groups of people, in the order of the careers; no person is in two."""

    train: tuple[Transition, ...]
    valid: tuple[Transition, ...]
    test: tuple[Transition, ...]


def place(person_id: str, seed: int, purpose: str) -> float:
    """A person's fixed place in [0, 1). `purpose` keeps the order of a sample independent of the split."""
    digest = hashlib.sha256(f"{purpose}:{seed}:{person_id}".encode()).digest()
    # 53 bits, all that a float holds: more would round up to 1.0 now and then
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53


def sample_people(careers: Sequence[Career], n: int | Literal["all"], seed: int) -> tuple[Career, ...]:
    """The first `n` people by place, in their given order; a larger `n` keeps those of a smaller one.

    Raises:
        UserError: `n` is not positive.
    """
    if n == "all" or n >= len(careers):
        return tuple(careers)
    if n < 1:
        raise UserError(f"data.people={n}: expected a positive number of people or 'all'.")
    by_place = sorted(careers, key=lambda c: (place(c.person.id, seed, "sample"), c.person.id))
    kept = {c.person.id for c in by_place[:n]}
    return tuple(c for c in careers if c.person.id in kept)


def split_by_person(careers: Sequence[Career], seed: int, valid: float, test: float, cut: Date | None = None) -> Split:
    """Split by a hash of seed and person.

    Args:
        careers: people with transitions.
        seed: another seed, another split.
        valid: share of all people for validation, in (0, 1).
        test: share of all people for the test, in (0, 1).
        cut: where given, training and validation people keep only transitions before it, and test people only those
            from it on. What lies on the other side is left out.

    Raises:
        UserError: the shares leave nobody to train on, or a part is empty.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise UserError(
            f"data.split: valid={valid} and test={test} must be above 0 and leave people to train on "
            "(their sum below 1)."
        )

    def part(person_id: str) -> Part:
        at = place(person_id, seed, "split")
        return "test" if at < test else "valid" if at < test + valid else "train"

    return _split(careers, part, cut)


def split_from_file(careers: Sequence[Career], path: Path, seed: int, valid: float, cut: Date | None = None) -> Split:
    """Test people come from a file, one id a line (`#` begins a comment); validation people from a hash.

    Args:
        careers: people with transitions; ids of the file that are not among them are passed over, since a file may
            list people without a transition or outside a sample: see `unknown_ids`.
        path: the file.
        seed: another seed, other validation people.
        valid: share of the *other* people for validation, in (0, 1).
        cut: as in `split_by_person`.

    Raises:
        UserError: the file can't be read or names nobody, or a part is empty.
    """
    if not 0 < valid < 1:
        raise UserError(f"data.split: valid={valid} must lie between 0 and 1.")
    tested = read_ids(path)
    if tested.isdisjoint(c.person.id for c in careers):
        raise UserError(
            f"{path} names {len(tested)} people, none of whom is among the {len(careers)} people loaded. "
            "Check that it belongs to this data set (ids one a line)."
        )

    def part(person_id: str) -> Part:
        if person_id in tested:
            return "test"
        return "valid" if place(person_id, seed, "split") < valid else "train"

    return _split(careers, part, cut)


def split_from_data(
    careers: Sequence[Career], parts: Mapping[str, Part] | None, seed: int, valid: float, cut: Date | None = None
) -> Split:
    """The publisher's own split. Where it names nobody for validation, a hash takes a share of its training people.

    Args:
        careers: people with transitions.
        parts: everybody's part, by person; `None` where the data have no split of their own.
        seed: another seed, other validation people where the publisher names none.
        valid: share of the training people for validation, in (0, 1).
        cut: as in `split_by_person`.

    Raises:
        UserError: the data have no split, or a part is empty.
    """
    if parts is None:
        raise UserError(
            "split.by=data: these data have no split of their own. Name the files of its parts in data.files, "
            "or choose split.by=person."
        )
    if not 0 < valid < 1:
        raise UserError(f"data.split: valid={valid} must lie between 0 and 1.")
    named = "valid" in parts.values()

    def part(person_id: str) -> Part:
        given = parts[person_id]
        return "valid" if given == "train" and not named and place(person_id, seed, "split") < valid else given

    return _split(careers, part, cut)


def read_ids(path: Path) -> frozenset[str]:
    """Ids in a file, one a line; blank lines and what follows `#` are passed over.

    Raises:
        UserError: the file can't be read or holds no id.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Could not read the list of test people {path}: {error}.") from error
    ids = frozenset(word for line in lines if (word := line.split("#", 1)[0].strip()))
    if not ids:
        raise UserError(f"{path} lists nobody: expected the ids of test people, one a line.")
    return ids


def people_file(name: str, data_dir: str | None) -> Path:
    """The place of a file that lists people: its path as it stands if that is a file, else in the folder of data sets.

    Raises:
        UserError: the folder does not exist.
    """
    here = Path(name).expanduser()
    there = here if here.is_file() else located(name, data_dir)
    return there if there.is_file() else here


def unknown_ids(careers: Iterable[Career], path: Path) -> int:
    """How many ids of the file belong to nobody in `careers`, to be shown beside the split."""
    return len(read_ids(path) - {c.person.id for c in careers})


def last_transitions(transitions: Iterable[Transition]) -> tuple[Transition, ...]:
    """Each person's last transition, in order of the person's first."""
    last: dict[str, Transition] = {}
    for transition in transitions:
        known = last.get(transition.history.person.id)
        if known is None or transition.history.past_jobs > known.history.past_jobs:
            last[transition.history.person.id] = transition
    return tuple(last.values())


def _split(careers: Sequence[Career], part: Callable[[str], Part], cut: Date | None) -> Split:
    parts: dict[Part, list[Transition]] = {"train": [], "valid": [], "test": []}
    for career in careers:
        mine = part(career.person.id)
        parts[mine].extend(
            t for t in career.transitions() if cut is None or (t.when >= cut if mine == "test" else t.when < cut)
        )
    for name, transitions in parts.items():
        if not transitions:
            when = "" if cut is None else f" {'from' if name == 'test' else 'before'} {cut}"
            raise UserError(
                f"data.split: no transition{when} is left for {name} among {len(careers)} people. "
                "Use more people or another share, seed or cut."
            )
    return Split(tuple(parts["train"]), tuple(parts["valid"]), tuple(parts["test"]))
