"""Settings of small trainings, and the methods that read reasons."""

from reasoning_occ.inference.settings import Inference
from reasoning_occ.recommenders.joint import AnswerFirst, Joint
from reasoning_occ.recommenders.multi_task import MultiTask
from reasoning_occ.recommenders.two_model import TwoModel
from reasoning_occ.training.preference_settings import PreferenceSettings
from reasoning_occ.training.settings import LoraChoice, TrainingSettings

TRAINER = TrainingSettings(
    epochs=1,
    max_steps=2,
    lr=1e-2,
    warmup=0.1,
    weight_decay=0.0,
    clip=1.0,
    batch=4,
    micro_tokens=1024,
    reason_weight=1.0,
    answer_weight=1.0,
    precision="fp32",
    attention="auto",
    compile="auto",
    gradient_checkpointing=False,
    devices=1,
    sharding="none",
    checkpoint_minutes=60.0,
    validate_every=1.0,
    validate_examples=4,
    seed=0,
    lora=LoraChoice(4, 8, 0.0, "all-linear", None),
)
INFERENCE = Inference(
    precision="fp32",
    max_reason_tokens=12,
    batch=4,
    rank_batch=2,
    reason="greedy",
    samples=3,
    temperature=1.0,
    allow_oracle=False,
    pmi=False,
)
METHODS = {"joint": Joint, "answer_first": AnswerFirst, "multi_task": MultiTask, "two_model": TwoModel}
PREFERENCE = PreferenceSettings(
    loss="sigmoid",
    beta=0.1,
    over="reason",
    rpo_alpha=0.0,
    length_normalised=False,
    epochs=1,
    max_steps=2,
    lr=1e-2,
    warmup=0.1,
    batch=4,
)
