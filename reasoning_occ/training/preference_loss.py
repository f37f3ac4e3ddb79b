"""The loss over pairs of texts: the better one should gain more probability, against a reference, than the worse.

Rafailov et al. 2023 (DPO), equation 7: -log sigmoid(beta (d_chosen - d_rejected)), d the text's log-probability less
that under the reference. beta d is called the text's reward. The SFT term follows Pang et al. 2024 (RPO): alpha times
the chosen texts' mean loss a token, the mean taken over all their tokens in a step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Int
from torch import Tensor

from reasoning_occ.training.preference_settings import PreferenceSettings


@dataclass(frozen=True, slots=True)
class Compared:
    """What pairs (p) say, each. A name of two parts is that of its column in the training log.

    loss_preference: the loss of the pair, without the SFT term.
    logp_chosen, logp_rejected: log-probabilities of the texts in nats, never divided by their length.
    reward_chosen, reward_rejected: beta times what the log-probability (by token, where lengths are normalised) gained.
    reward_margin: the first of them less the second.
    reward_accuracy: 1 where the margin is above 0, else 0.
    kl: an estimate of the divergence from the reference in nats a text: half the square of the log-probability's gain,
        a mean over both texts. Were the texts drawn from either model, its mean would be KL to second order in the gain
        (estimator k2 of Schulman, "Approximating KL divergence", 2020). They were written by a teacher, so it
        tells how far the model has moved on these texts rather than KL itself. Never negative.
    """

    loss_preference: Float[Tensor, " p"]
    logp_chosen: Float[Tensor, " p"]
    logp_rejected: Float[Tensor, " p"]
    reward_chosen: Float[Tensor, " p"]
    reward_rejected: Float[Tensor, " p"]
    reward_margin: Float[Tensor, " p"]
    reward_accuracy: Float[Tensor, " p"]
    kl: Float[Tensor, " p"]

    def sums(self) -> dict[str, float]:
        """Of each, over the pairs."""
        return {field.name: float(getattr(self, field.name).detach().sum()) for field in fields(self)}


def compare(
    logp_p2: Float[Tensor, "p 2"],
    reference_p2: Float[Tensor, "p 2"],
    tokens_p2: Int[Tensor, "p 2"],
    settings: PreferenceSettings,
) -> Compared:
    """The loss of each pair and what is logged of it.

    Args:
        logp_p2: log-probabilities of the chosen and of the rejected text, nats.
        reference_p2: the same under the reference.
        tokens_p2: how many tokens each has.
        settings: beta, and whether lengths are normalised.
    """
    gain_p2 = logp_p2 - reference_p2
    counted_p2 = gain_p2 / tokens_p2 if settings.length_normalised else gain_p2
    reward_p2 = settings.beta * counted_p2
    margin_p = reward_p2[:, 0] - reward_p2[:, 1]
    return Compared(
        loss_preference=-F.logsigmoid(margin_p),
        logp_chosen=logp_p2[:, 0],
        logp_rejected=logp_p2[:, 1],
        reward_chosen=reward_p2[:, 0],
        reward_rejected=reward_p2[:, 1],
        reward_margin=margin_p,
        reward_accuracy=(margin_p > 0).float(),
        kl=gain_p2.square().mean(1) / 2,
    )


def row_loss(compared: Compared, pairs: int, chosen_tokens: int, settings: PreferenceSettings) -> Float[Tensor, ""]:
    """What one row adds to the loss of its step, which is a mean over pairs and, of the SFT term, over tokens.

    Args:
        compared: the row's pairs.
        pairs: of the whole step.
        chosen_tokens: of the chosen texts of the whole step.
        settings: `rpo_alpha`.
    """
    loss = compared.loss_preference.sum() / pairs
    if settings.rpo_alpha:
        loss = loss - settings.rpo_alpha * compared.logp_chosen.sum() / chosen_tokens
    return loss


def step_figures(
    every: Sequence[dict[str, float]], pairs: int, chosen_tokens: int, settings: PreferenceSettings
) -> dict[str, float]:
    """Means over a step, from the sums of its rows (`Compared.sums`); also `loss`, which was minimised, and `loss_sft`,
    the SFT term before `rpo_alpha`."""
    means = {name: sum(sums[name] for sums in every) / pairs for name in every[0]}
    sft = -means["logp_chosen"] * pairs / chosen_tokens
    return {"loss": means["loss_preference"] + settings.rpo_alpha * sft, "loss_sft": sft, **means}


def text_tokens(example_m: Int[Tensor, " m"], examples: int) -> Int[Tensor, "p 2"]:
    """How many tokens of each text of each pair count, from the example's number of every target (`Row.example_m`)."""
    return torch.bincount(example_m, minlength=examples).view(-1, 2)
