"""People in batches: read one after the other, ranked together. Whoever ranks them, the batches are the same."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.recommend.inputs import Entry
from reasoning_occ.recommend.reading import Reading, Understood
from reasoning_occ.recommend.recommender import Recommender
from reasoning_occ.recommend.results import Choice

ERROR = "error"


class Batch(NamedTuple):
    """People of the input in order: the place of each, and the person as understood or why that failed."""

    places: tuple[str, ...]
    people: tuple[Understood | str, ...]


def read(reading: Reading, people: Iterable[Entry], at_once: int, earlier: Iterable[str] = ()) -> Iterator[Batch]:
    """Batches of `at_once` people, the last one smaller.

    Args:
        reading: of the run.
        people: as given.
        at_once: how many in a batch.
        earlier: ids of people who came before these.

    Raises:
        UserError: the input can't be read on.
    """
    waiting, known = iter(people), _Known()
    for person in earlier:
        known.add(person)
    while entries := list(islice(waiting, at_once)):
        found: list[Understood | str] = []
        for entry in entries:
            try:
                one = reading.json(entry.content, entry.name)
                known.add(one.history.person.id)
                found.append(one)
            except UserError as error:
                found.append(str(error))
        yield Batch(tuple(entry.place for entry in entries), tuple(found))


def answer(recommender: Recommender, batch: Batch, choice: Choice) -> list[dict[str, Any]]:
    """A row a person, in order: what `Recommended.to_row` gives, or why there is none."""
    understood = [one for one in batch.people if not isinstance(one, str)]
    said = recommender.recommend_all(understood, choice)
    return [
        {"place": place, **({ERROR: one} if isinstance(one, str) else next(said).to_row())}
        for place, one in zip(batch.places, batch.people, strict=True)
    ]


class _Known:
    """Ids that have come. Sixteen bytes of each are kept, so that an id twice is told and memory stays small."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def add(self, person: str) -> None:
        """Raises UserError where the person was there before."""
        key = hashlib.blake2b(person.encode(), digest_size=16).digest()
        if key in self._seen:
            raise UserError(f"the person '{person}' has come before; give all of a person's jobs together, once")
        self._seen.add(key)
