"""The batches of a provider: accepted whole, answered after some looks, each call with a fate of its own."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Answer = Callable[[dict[str, Any], str], dict[str, Any]]


@dataclass
class Batches:
    """What the server holds of batches.

    looks: how often a batch is looked at before it has ended.
    held: whether none ends.
    gone: whether results are kept no longer.
    fate: of a call, from its last user message: succeeded, expired, canceled, or an error's type.
    """

    looks: int = 1
    held: bool = False
    gone: bool = False
    fate: Callable[[str], str] = lambda text: "succeeded"
    all: list[dict[str, Any]] = field(default_factory=list)

    def accept(self, asked: dict[str, Any], paid: Counter[str]) -> dict[str, Any]:
        """A new batch; calls that will succeed are paid from here on."""
        number = len(self.all) + 1
        now = datetime.now(UTC).isoformat()
        self.all.append({"id": f"msgbatch_{number}", "created": now, "calls": asked["requests"], "looks": 0})
        for call in asked["requests"]:
            text = last(call)
            paid[text] += self.fate(text) == "succeeded"
        return self.shown(self.all[-1])

    def get(self, path: str, say: Callable[[str], str], answer: Answer) -> dict[str, Any] | str | None:
        """What is at a path below /v1/messages/batches; None if nothing is."""
        name, _, part = path.strip("/").partition("/")
        if not name:
            newest = [self.shown(batch) for batch in reversed(self.all)]
            return {"data": newest, "has_more": False, "first_id": None, "last_id": None}
        found = next((batch for batch in self.all if batch["id"] == name), None)
        if found is None:
            return None
        if part == "results":
            # in another order than they were asked
            lines = [self._line(call, say, answer) for call in reversed(found["calls"])]
            return "".join(json.dumps(line) + "\n" for line in lines)
        found["looks"] += 1
        return self.shown(found)

    def shown(self, batch: dict[str, Any]) -> dict[str, Any]:
        """A batch as the provider tells it."""
        ended = batch["looks"] >= self.looks and not self.held
        counts = Counter(self._kind(call) if ended else "processing" for call in batch["calls"])
        return {
            "id": batch["id"],
            "type": "message_batch",
            "processing_status": "ended" if ended else "in_progress",
            "request_counts": {
                name: counts[name] for name in ("processing", "succeeded", "errored", "canceled", "expired")
            },
            "created_at": batch["created"],
            "expires_at": batch["created"],
            "ended_at": batch["created"] if ended else None,
            "results_url": f"/v1/messages/batches/{batch['id']}/results" if ended and not self.gone else None,
        }

    def _kind(self, call: dict[str, Any]) -> str:
        fate = self.fate(last(call))
        return fate if fate in ("succeeded", "expired", "canceled") else "errored"

    def _line(self, call: dict[str, Any], say: Callable[[str], str], answer: Answer) -> dict[str, Any]:
        kind = self._kind(call)
        result: dict[str, Any] = {"type": kind}
        if kind == "succeeded":
            result["message"] = answer(call["params"], say(last(call)))
        elif kind == "errored":
            fate = self.fate(last(call))
            result["error"] = {"type": "error", "error": {"type": fate, "message": f"this is a {fate}"}}
        return {"custom_id": call["custom_id"], "result": result}


def last(call: dict[str, Any]) -> str:
    """The last user message of a batch's call."""
    return str(call["params"]["messages"][-1]["content"])
