"""A ranking head: a linear layer with one row a title, so that one state ranks a whole taxonomy (R2ec's idea).

People return to occupations they have held, and a row a title can say of each title how likely it is, but not that it
is one of these. A copying head adds to a title that was held what it has learnt for how long ago that was.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reasoning_occ.errors import UserError

FILE = "titles.safetensors"
_PACE = 10.0
"""How much faster a bonus learns than its parameter: a step of Adam is about as long as the learning rate, and a bonus
of some nats must come about in some hundred steps. Ours."""


class TitleHead(nn.Module):
    """Turns the state where a title would begin into the titles' log-probabilities; its weights are fp32.

    Args:
        weight_oh: one row a title, in the order of the taxonomy.
        bonus_p: what a title that was held begins with, by its place among those held (see `language.held`), divided by
            `_PACE`; None: no bonus is learnt.
    """

    def __init__(self, weight_oh: Float[Tensor, "o h"], bonus_p: Float[Tensor, " p"] | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight_oh.detach().float().clone())
        self.bonus = None if bonus_p is None else nn.Parameter(bonus_p.detach().float().clone())

    @property
    def places(self) -> int:
        """How many of the titles held have a bonus of their own."""
        return 0 if self.bonus is None else len(self.bonus)

    @classmethod
    def of_titles(cls, head: nn.Module, titles: Sequence[Sequence[int]], places: int = 0) -> "TitleHead":
        """Each title begins as the mean of what `head` (`lm_head`) holds for its tokens; a bonus, with places, as 0."""
        weight_vh: Tensor = head.weight.detach().float()  # type: ignore[assignment, operator]
        return cls(
            torch.stack([weight_vh[list(ids)].mean(dim=0) for ids in titles]), torch.zeros(places) if places else None
        )

    @classmethod
    def read(cls, folder: Path) -> "TitleHead":
        """The head that `save` wrote.

        Raises:
            UserError: there is none, or it can't be read.
        """
        try:
            held = load_file(folder / FILE)
            return cls(held["weight"], held.get("bonus"))
        except (OSError, SafetensorError, KeyError) as error:
            raise UserError(
                f"There is no ranking head to be read in {folder} ({error}); it was trained with ranking=tokens."
            ) from error

    def save(self, folder: Path) -> None:
        """Write it beside an adapter."""
        save_file({name: p.detach().cpu().contiguous() for name, p in self.named_parameters()}, folder / FILE)

    def forward(
        self, state_eh: Float[Tensor, "e h"], barred_e: Int[Tensor, " e"], held_ep: Int[Tensor, "e p"] | None = None
    ) -> Float[Tensor, "e o"]:
        """Natural logarithms, normalised over all titles but the barred ones (-1: none is), computed in fp32.

        Args:
            state_eh: where a title would begin.
            barred_e: the number of the title that can't be.
            held_ep: the numbers of the titles held, the latest first, -1 for none; a head that learns a bonus needs
                them.
        """
        with torch.autocast(state_eh.device.type, enabled=False):
            logits_eo = state_eh.float() @ self.weight.t()
            if self.bonus is not None and held_ep is not None:
                bonus_ep = torch.where(held_ep >= 0, _PACE * self.bonus, 0.0)
                logits_eo = logits_eo.scatter_add(1, held_ep.clamp(min=0), bonus_ep)
        is_barred_eo = torch.arange(len(self.weight), device=barred_e.device) == barred_e[:, None]
        return logits_eo.masked_fill(is_barred_eo, float("-inf")).log_softmax(dim=-1)
