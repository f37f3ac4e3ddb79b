"""A ranking head: a linear layer with one row a title, so that one state ranks a whole taxonomy (R2ec's idea)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from reasoning_occ.errors import UserError

FILE = "titles.safetensors"


class TitleHead(nn.Module):
    """Turns the state where a title would begin into the titles' log-probabilities; its weights are fp32.

    Args:
        weight_oh: one row a title, in the order of the taxonomy.
    """

    def __init__(self, weight_oh: Float[Tensor, "o h"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight_oh.detach().float().clone())

    @classmethod
    def of_titles(cls, head: nn.Module, titles: Sequence[Sequence[int]]) -> "TitleHead":
        """Each title begins as the mean of what `head` (`lm_head`) holds for its tokens."""
        weight_vh: Tensor = head.weight.detach().float()  # type: ignore[assignment, operator]
        return cls(torch.stack([weight_vh[list(ids)].mean(dim=0) for ids in titles]))

    @classmethod
    def read(cls, folder: Path) -> "TitleHead":
        """The head that `save` wrote.

        Raises:
            UserError: there is none, or it can't be read.
        """
        try:
            return cls(load_file(folder / FILE)["weight"])
        except (OSError, SafetensorError, KeyError) as error:
            raise UserError(
                f"There is no ranking head to be read in {folder} ({error}); it was trained with ranking=tokens."
            ) from error

    def save(self, folder: Path) -> None:
        """Write it beside an adapter."""
        save_file({"weight": self.weight.detach().cpu().contiguous()}, folder / FILE)

    def forward(self, state_eh: Float[Tensor, "e h"], barred_e: Int[Tensor, " e"]) -> Float[Tensor, "e o"]:
        """Natural logarithms, normalised over all titles but the barred ones (-1: none is), computed in fp32."""
        with torch.autocast(state_eh.device.type, enabled=False):
            logits_eo = state_eh.float() @ self.weight.t()
        is_barred_eo = torch.arange(len(self.weight), device=barred_e.device) == barred_e[:, None]
        return logits_eo.masked_fill(is_barred_eo, float("-inf")).log_softmax(dim=-1)
