"""The label space: occupations with codes, titles, aliases and ranked related occupations."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reasoning_occ.errors import UnknownOccupation, UserError, nearest

# how many occupations of an ambiguous alias an error message names
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Occupation:
    """One label. `group` is a coarse family for slices and `sector` an industry; "" where there is none."""

    code: str
    title: str
    aliases: tuple[str, ...] = ()
    group: str = ""
    sector: str = ""


class Taxonomy:
    """All occupations a recommender ranks, in a fixed order.

    Args:
        name: short name shown in tables ("nls", "onet").
        occupations: codes and titles must be unique.
        related: for a code, the codes of related occupations, nearest first; may lack codes.
        note: one sentence shown wherever people see the titles, such as a caveat of the source.
        outside: codes that are no occupations here but may stand in related lists, where they keep others' places.
        guess: the code that a job title in everyday words may mean, or `None`, given the title and the taxonomy.
        likely: codes that people may mean by a name, the likeliest first, where that is not the one that has it.
        whole: the taxonomy that this one is a part of; `None`: none.

    Raises:
        UserError: a code or title occurs twice, or relatedness names an unknown code.
    """

    def __init__(
        self,
        name: str,
        occupations: Sequence[Occupation],
        related: Mapping[str, Sequence[str]],
        note: str = "",
        outside: Collection[str] = (),
        guess: "Callable[[str, Taxonomy], str | None] | None" = None,
        likely: Mapping[str, Sequence[str]] | None = None,
        whole: "Taxonomy | None" = None,
    ) -> None:
        self.name = name
        self.note = note
        self.outside = frozenset(outside)
        self.occupations = tuple(occupations)
        self.codes = tuple(o.code for o in self.occupations)
        self._index = {code: i for i, code in enumerate(self.codes)}
        for what, names in (("code", self.codes), ("title", tuple(o.title for o in self.occupations))):
            if len(set(names)) != len(names):
                twice = next(n for n in names if names.count(n) > 1)
                raise UserError(f"Taxonomy {name}: the {what} '{twice}' occurs twice; each must be unique.")
        self._guess = guess
        self.whole = self if whole is None else whole
        self._likely = {} if likely is None else {name: tuple(codes) for name, codes in likely.items()}
        self._related = {code: tuple(near) for code, near in related.items()}
        for code in {
            *self._related,
            *(c for near in self._related.values() for c in near if c not in self.outside),
        } - set(self.codes):
            raise UserError(f"Taxonomy {name}: relatedness names the code '{code}', which is not an occupation of it.")
        # a title wins over another's alias; an alias of two occupations names neither
        self._by_name: dict[str, tuple[str, ...]] = {}
        for o in self.occupations:
            for alias in {_plain(a) for a in o.aliases}:
                self._by_name[alias] = (*self._by_name.get(alias, ()), o.code)
        for o in self.occupations:
            self._by_name[_plain(o.title)] = (o.code,)
            self._by_name[_plain(o.code)] = (o.code,)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Occupation]:
        return iter(self.occupations)

    def __contains__(self, code: str) -> bool:
        return code in self._index

    def __getitem__(self, code: str) -> Occupation:
        """The occupation of a code.

        Raises:
            UnknownOccupation: no occupation has this code.
        """
        return self.occupations[self.index(code)]

    def index(self, code: str) -> int:
        """The place of a code in every array over occupations.

        Raises:
            UnknownOccupation: no occupation has this code.
        """
        if code not in self._index:
            raise UnknownOccupation(
                f"'{code}' is no code of the {self.name} taxonomy; near: {nearest(code, self.codes)}."
            )
        return self._index[code]

    def title(self, code: str) -> str:
        """The title of a code."""
        return self[code].title

    def named(self, name: str) -> tuple[str, ...]:
        """Codes of all that have this title, code or alias, whatever its case and spaces: none, one, or several by an
        alias. As `find`, at once also for what nobody has."""
        return self._by_name.get(_plain(name), ())

    def likely(self, name: str) -> tuple[str, ...]:
        """Codes that people mean or are likely to mean by a name, the likeliest first; empty where that is open."""
        codes = tuple(code for code in self._likely.get(_plain(name), ()) if code in self._index)
        return codes or (named if len(named := self.named(name)) == 1 else ())

    @property
    def likeliest(self) -> Mapping[str, tuple[str, ...]]:
        """What it was given as `likely`."""
        return self._likely

    def guess(self, title: str) -> str | None:
        """The code of what a job title in everyday words may mean; `None` where there is none, or it is not here. What
        a title means does not depend on how many of the occupations are here."""
        code = None if self._guess is None else self._guess(title, self.whole)
        return code if code in self._index else None

    def find(self, name: str) -> str:
        """The code of an exact title, code or alias, whatever its case and spaces.

        Raises:
            UnknownOccupation: nothing has this name (the message gives the nearest titles), or it is an alias of
                several occupations (the message names them).
        """
        codes = self.named(name)
        if len(codes) == 0:
            near = nearest(name, (o.title for o in self.occupations))
            raise UnknownOccupation(
                f"'{name}' is no title, code or alias of the {self.name} taxonomy; nearest titles: {near}."
            )
        if len(codes) > 1:
            meant = ", ".join(f"'{self.title(code)}' ({code})" for code in codes[:_MOST_NAMED])
            more = f" and {len(codes) - _MOST_NAMED} more" if len(codes) > _MOST_NAMED else ""
            raise UnknownOccupation(
                f"'{name}' is an alias of {len(codes)} occupations of the {self.name} taxonomy: {meant}{more}. "
                "Give the title or code of the one that is meant."
            )
        return codes[0]

    def related(self, code: str) -> tuple[str, ...]:
        """Codes of related occupations, nearest first; empty where the source has none."""
        return tuple(near for near in self.listed(code) if near not in self.outside)

    def listed(self, code: str) -> tuple[str, ...]:
        """The related list as published, by whose places AccRM scores: as `related`, with codes `outside` too."""
        self.index(code)
        return self._related.get(code, ())

    def only(self, codes: Collection[str]) -> "Taxonomy":
        """The taxonomy with only some of its occupations, in its order; related ones keep their published places."""
        kept = [o for o in self.occupations if o.code in codes]
        related = {o.code: self._related[o.code] for o in kept if o.code in self._related}
        outside = self.outside | {code for code in self.codes if code not in codes}
        return Taxonomy(self.name, kept, related, self.note, outside, self._guess, self._likely, self.whole)


def _plain(name: str) -> str:
    """A name as it is looked up: in lower case, one space between words."""
    return " ".join(name.lower().split())
