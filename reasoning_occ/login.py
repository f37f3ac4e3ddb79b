"""Whether somebody is logged in to Weights & Biases."""

from reasoning_occ.errors import UserError

UNSENT = ("offline", "dryrun", "disabled")
"""Modes of Weights & Biases in which nothing is sent."""


def log_in(who: str, otherwise: str) -> None:
    """Log in with the key that is there; asks nothing at a terminal.

    Args:
        who: what wants it, for the error's beginning.
        otherwise: the sentence on what to do, for its end.

    Raises:
        UserError: there is no key, it is not taken, or the server can't be reached.
    """
    import wandb

    try:
        there = wandb.login(prompt=False)
    except wandb.Error as error:
        raise UserError(f"{who}: {str(error).rstrip('.')}. {otherwise}") from error
    if not there:
        raise UserError(f"{who}: nobody is logged in. {otherwise}")
