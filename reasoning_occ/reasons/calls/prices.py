"""What calls cost, from a dated table; a model that is not in it has no known price, never a price of 0."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from omegaconf import OmegaConf

from reasoning_occ.errors import UserError
from reasoning_occ.reasons.calls.request import Request, Usage

_SNAPSHOT = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2})$")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens."""

    input: float
    output: float
    cache_read: float
    cache_write: float

    def of(self, usage: Usage) -> float:
        """What a call's tokens cost."""
        return sum(getattr(self, field.name) * getattr(usage, field.name) for field in fields(self)) / 1e6

    def most(self, input: int, output: int) -> float:
        """What so many tokens can cost at most: the input is written to the cache, where that is the dearest way."""
        return (input * max(self.input, self.cache_write) + output * self.output) / 1e6

    def times(self, share: float) -> "Price":
        """The same at a discount or surcharge."""
        return Price(*(getattr(self, field.name) * share for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Prices:
    """A price table: `models` by name, as of `date`."""

    date: str
    models: Mapping[str, Price]

    def of(self, model: str) -> Price | None:
        """The price of a model, with or without the date of its snapshot behind its name; None if unknown."""
        return self.models.get(model) or self.models.get(_SNAPSHOT.sub("", model))


def read_prices(path: Path) -> Prices:
    """Read a table such as conf/prices.yaml.

    Raises:
        UserError: it can't be read, or a model's prices are not the four numbers expected.
    """
    try:
        table = OmegaConf.to_container(OmegaConf.load(path))
        assert isinstance(table, dict)
        models = {str(name): Price(**{k: float(v) for k, v in row.items()}) for name, row in table["models"].items()}
        return Prices(str(table["date"]), models)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, AssertionError) as error:
        wanted = ", ".join(field.name for field in fields(Price))
        raise UserError(
            f"{path}: expected a date, and for each of models its {wanted} in US dollars a million tokens ({error})."
        ) from error


def estimated_input(request: Request) -> int:
    """Tokens of a request, estimated on the safe side, those of its frame included."""
    texts = [request.system, *(message.text for message in request.messages), str(request.schema or "")]
    return sum(map(estimated, texts)) + 50


def estimated(text: str) -> int:
    """Tokens of a text, estimated on the safe side: one for every three bytes, so that no script is taken for Latin."""
    return len(text.encode("utf-8", "surrogatepass")) // 3 + 1


def dearest(request: Request, price: Price) -> float:
    """What a call can cost at most: its input, the dearest way, and all output it may have."""
    return price.most(estimated_input(request), request.max_tokens)
