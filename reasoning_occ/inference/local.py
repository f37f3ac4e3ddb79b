"""A chat model in this process: it writes after a prompt, or says how likely each of a few short answers is."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import DynamicCache

from reasoning_occ.errors import UserError
from reasoning_occ.inference.generate import Written, sample_reasons
from reasoning_occ.inference.model import Parts, inference, one_product, pad_right, parts
from reasoning_occ.language.chat import end_of_turn, prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_NEVER = -1
"""No token: only the end of the turn ends a text."""


class Chat:
    """A model with its chat template.

    Args:
        model: a transformers causal language model, or a peft model around one.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: nn.Module, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._model = model
        self._tokenizer = tokenizer

    def write(
        self,
        prompts: Sequence[tuple[str, str]],
        *,
        samples: int,
        temperature: float,
        seeds: Sequence[int],
        max_tokens: int,
        batch: int,
    ) -> list[list[tuple[str, bool]]]:
        """Texts drawn after each prompt, and whether each came to its end.

        Args:
            prompts: system and user text of each.
            samples: texts a prompt.
            temperature: above 0; see `sample_reasons`.
            seeds: of each prompt; it fixes the prompt's texts, whatever stands beside it.
            max_tokens: of a text.
            batch: texts that are written together.

        Raises:
            UserError: a prompt and `max_tokens` don't fit the model's window.
        """
        done = sample_reasons(
            self._model,
            [self._ids(prompt(self._tokenizer, *one)) for one in prompts],
            samples=samples,
            temperature=temperature,
            seeds=seeds,
            stop=(_NEVER,),
            eos={end_of_turn(self._tokenizer)},
            max_new_tokens=max_tokens,
            batch_size=batch,
            label=None,
        )
        return [[self._text(one) for one in written] for written in done]

    def shares(
        self,
        prompts: Sequence[tuple[str, str]],
        opening: str,
        answers: Sequence[str],
        *,
        batch: int,
        told: Callable[[int], None] | None = None,
    ) -> tuple[Float[np.ndarray, "prompts answers"], Float[np.ndarray, " prompts"]]:
        """How likely each answer is once the model has begun to speak; nothing is written and nothing parsed.

        Beginnings that prompts share go through the model once a call, so prompts of one kind belong together.

        Args:
            prompts: system and user text of each.
            opening: what the model is taken to have said before the answer, such as "Score:".
            answers: what may follow after a space; for this model one token each, such as digits.
            batch: prompts that go through the model together.
            told: hears how many are done.

        Returns:
            The answers' probabilities, adding up to one; and the share of all that the model could have said which
            they hold between them (0-1), a sign of whether it understood what was asked.

        Raises:
            UserError: an answer is more than one token for this model, or a prompt doesn't fit its window.
        """
        opened, tokens = self._answers(opening, answers)
        contexts = [self._ids(prompt(self._tokenizer, *one)) + opened for one in prompts]
        found = np.empty((len(contexts), len(tokens)))
        inside = parts(self._model)
        inside.check_room(max(map(len, contexts), default=0) + 1)
        with inference(self._model), one_product(self._model):
            beginning = _Beginning(inside, contexts)
            # like lengths together, so that little is padding
            order = sorted(range(len(contexts)), key=lambda number: len(contexts[number]))
            for start in range(0, len(order), batch):
                numbers = order[start : start + batch]
                found[numbers] = beginning.log_probs([contexts[number] for number in numbers])[:, tokens].numpy()
                if told is not None:
                    told(start + len(numbers))
        probs = np.exp(found)
        held = probs.sum(axis=1)
        return np.exp(found - np.logaddexp.reduce(found, axis=1)[:, None]), held

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)

    def _text(self, written: Written) -> tuple[str, bool]:
        text = self._tokenizer.decode(written.ids, skip_special_tokens=True)
        return str(text), written.ended != "cut"

    def _answers(self, opening: str, answers: Sequence[str]) -> tuple[list[int], list[int]]:
        """The ids of the opening with all that the answers share, and the one token that tells each apart."""
        whole = [self._ids(f"{opening} {answer}") for answer in answers]
        shared = [column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*whole, strict=False))]
        last = [ids[len(shared) :] for ids in whole]
        if any(len(ids) != 1 for ids in last):
            raise UserError(
                f"This model has more than one token for some of {', '.join(answers)}, so it can't be asked for one of "
                "them by probability. Choose another model."
            )
        return shared, [ids[0] for ids in last]


class _Beginning:
    """What all contexts begin with, encoded once; each goes on from a copy."""

    def __init__(self, inside: Parts, contexts: Sequence[Sequence[int]]) -> None:
        self._inside = inside
        columns = zip(*contexts, strict=False)
        common = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
        # the last token of a context always goes through with its own: its state is what is read
        self._length = min(common, min(map(len, contexts), default=1) - 1)
        self._cache = DynamicCache(config=inside.config)
        if self._length:
            ids_1s = torch.tensor([contexts[0][: self._length]], device=inside.device)
            inside.hidden(ids_1s, past_key_values=self._cache, use_cache=True)

    def log_probs(self, contexts: Sequence[Sequence[int]]) -> Float[Tensor, "b v"]:
        """Natural log-probabilities of the token after each context, in fp32."""
        rest = [torch.tensor(context[self._length :], dtype=torch.long) for context in contexts]
        ids_bs, length_b = pad_right(rest, self._inside)
        cache = deepcopy(self._cache)
        if self._length:
            cache.batch_repeat_interleave(len(contexts))
        hidden_bsd = self._inside.hidden(ids_bs, past_key_values=cache, use_cache=True)
        logits_bv = self._inside.head(hidden_bsd[torch.arange(len(contexts)), length_b - 1])
        return logits_bv.float().log_softmax(-1).cpu()
