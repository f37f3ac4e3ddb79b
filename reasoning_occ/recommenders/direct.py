"""History to title, with no reason between: the paper's ablation."""

from reasoning_occ.recommenders.llm import LanguageModel


class Direct(LanguageModel):
    """Learns `<answer>` title `</answer>` after the history."""

    name = "direct"
