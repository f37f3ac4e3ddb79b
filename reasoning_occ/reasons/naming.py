"""Finding occupation titles in free text, and the rule that a reason does not name its target."""

import re

from reasoning_occ.careers.types import Career
from reasoning_occ.occupations.taxonomy import Taxonomy

_WORD = re.compile(r"\w+")
MASK = "[masked]"
"""What stands where a name was."""
_MARK = re.compile(r"⟦(\d+)⟧")


class TitleFinder:
    """Marks every title of a taxonomy in a text, longest first, whole words, whatever the case."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        # by first word, so that a text is searched in time linear in its words even for 1,000 titles
        self._by_word: dict[str, list[tuple[str, int]]] = {}
        for i, occupation in enumerate(taxonomy):
            title = occupation.title.lower()
            if word := _WORD.match(title):
                self._by_word.setdefault(word.group(), []).append((title, i))
        for titles in self._by_word.values():
            titles.sort(key=lambda title: -len(title[0]))

    def mark(self, text: str) -> str:
        """The text with each title replaced by `⟦i⟧`, where i is its place in the taxonomy."""
        text = text.replace("⟦", "(").replace("⟧", ")")
        lower, out, done = text.lower(), [], 0
        if len(lower) != len(text):  # a few letters change length in lower case; such text keeps its own case
            lower = text
        for word in _WORD.finditer(lower):
            if word.start() < done:
                continue
            for title, i in self._by_word.get(word.group(), ()):
                end = word.start() + len(title)
                if lower.startswith(title, word.start()) and not _is_word(lower, end):
                    out += [text[done : word.start()], f"⟦{i}⟧"]
                    done = end
                    break
        return "".join([*out, text[done:]])


def marked(token: str) -> int | None:
    """The place in the taxonomy that a mark stands for; `None` for any other token."""
    mark = _MARK.fullmatch(token)
    return int(mark.group(1)) if mark else None


def target_names(text: str, history: Career, target: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """The target's title and aliases that `text` contains though nothing in the history does (empty: no leak).

    Args:
        text: a reason.
        history: its job titles and education are what the reason may name.
        target: code of the true next occupation.
    """
    known = " | ".join([*(taxonomy.title(j.occupation) for j in history.jobs), *(e.title for e in history.education)])
    occupation = taxonomy[target]
    names = (occupation.title, *occupation.aliases)
    return tuple(name for name in names if _contains(text, name) and not _contains(known, name))


def masked(text: str, target: str, taxonomy: Taxonomy) -> str:
    """The text with every title and alias of the target (a code) replaced by a mark, whatever the case."""
    occupation = taxonomy[target]
    for name in sorted((occupation.title, *occupation.aliases), key=len, reverse=True):
        if name.lower() in text.lower():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text


def _contains(text: str, name: str) -> bool:
    # the plain search first: it rules out nearly every alias at a fraction of the cost
    return name.lower() in text.lower() and bool(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, flags=re.IGNORECASE)
    )


def _is_word(text: str, i: int) -> bool:
    return i < len(text) and (text[i].isalnum() or text[i] == "_")
