"""Careers longer than the window, cut into overlapping pieces that each grow by appending only."""

from collections.abc import Sequence

from reasoning_occ.errors import UserError


def starts(lengths: Sequence[int], jobs: Sequence[int | None], room: int) -> list[int]:
    """For each line, the first line that is kept when the history ends there.

    A piece grows until a line no longer fits in `room`; a new piece then begins at the oldest job with
    which all lines so far take at most half of the room. Where a piece begins depends on no later line,
    so a history is cut at test time as it was in training.

    Args:
        lengths: tokens of each line.
        jobs: for each line the place of its job, `None` for education, which begins no piece.
        room: tokens that the lines may take together.

    Raises:
        UserError: one line alone is longer than the room.
    """
    first, kept = 0, []
    for now in range(len(lengths)):
        if lengths[now] > room:
            raise UserError(
                f"One line of a career takes {lengths[now]} tokens, more than the {room} that model.max_tokens leaves "
                "for a career; raise it or shorten the text."
            )
        if sum(lengths[first : now + 1]) > room:
            first = _new_start(lengths, jobs, first, now, room)
        kept.append(first)
    return kept


def _new_start(lengths: Sequence[int], jobs: Sequence[int | None], first: int, now: int, room: int) -> int:
    begins = [i for i in range(first + 1, now) if jobs[i] is not None]
    for limit in (room // 2, room):
        for start in begins:
            if sum(lengths[start : now + 1]) <= limit:
                return start
    return now
