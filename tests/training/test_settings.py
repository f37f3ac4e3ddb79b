from pathlib import Path

import pytest
from omegaconf import OmegaConf

from reasoning_occ.errors import UserError
from reasoning_occ.training.settings import TrainingSettings

CONF = Path(__file__).resolve().parents[2] / "conf" / "trainer"


def values(name="default"):
    composed = OmegaConf.create({"seed": 7, "trainer": OmegaConf.load(CONF / f"{name}.yaml")})
    found = OmegaConf.to_container(composed, resolve=True)["trainer"]
    # "auto" is settled by the machine before settings are made
    return {**found, "precision": "bf16"} if found["precision"] == "auto" else found


@pytest.mark.parametrize("name", [path.stem for path in CONF.glob("*.yaml")])
def test_every_file_in_conf_has_just_the_fields_of_the_settings(name):
    made = TrainingSettings.of(values(name))
    assert made.seed == 7 and made.lora.r > 0


def test_a_missing_or_unknown_key_is_named():
    short = values()
    del short["lora"]["alpha"]
    with pytest.raises(UserError, match=r"trainer\.lora\.alpha: no value"):
        TrainingSettings.of(short)
    with pytest.raises(UserError, match=r"trainer\.learning_rate: no such setting; known: .*lr"):
        TrainingSettings.of({**values(), "learning_rate": 1})


@pytest.mark.parametrize(
    "changed",
    [
        {"lr": 0},
        {"warmup": 1.0},
        {"precision": "fp16"},
        {"batch": 0},
        {"max_steps": 0},
        {"validate_every": 0},
        {"validate_examples": 0},
        {"reason_weight": 0, "answer_weight": 0},
    ],
)
def test_a_senseless_value_is_refused_by_its_key(changed):
    with pytest.raises(UserError, match=rf"trainer\.{next(iter(changed))}: expected .*; got"):
        TrainingSettings.of({**values(), **changed})


def test_how_often_to_save_does_not_make_another_training():
    made = TrainingSettings.of(values())
    assert TrainingSettings.of({**values(), "checkpoint_minutes": 9}).shaping() == made.shaping()
    assert TrainingSettings.of({**values(), "validate_examples": 9}).shaping() == made.shaping()
    assert TrainingSettings.of({**values(), "lr": 9}).shaping() != made.shaping()
