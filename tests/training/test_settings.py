import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.training.settings import TrainingSettings


def values(*overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose("config", ["seed=7", *overrides])
    found = OmegaConf.to_container(composed.trainer, resolve=True)
    # "auto" is settled by the machine before settings are made
    return {**found, "precision": "bf16"} if found["precision"] == "auto" else found


@pytest.mark.parametrize(
    "choice", [f"{group}={path.stem}" for group in ("trainer", "training") for path in (CONF / group).glob("*.yaml")]
)
def test_every_file_in_conf_has_just_the_fields_of_the_settings(choice):
    made = TrainingSettings.of(values(choice))
    assert made.seed == 7 and (made.lora is None) == (choice == "training=full")


def test_a_missing_or_unknown_key_is_named():
    short = values()
    del short["lora"]["alpha"]
    with pytest.raises(UserError, match=r"trainer\.lora\.alpha: no value"):
        TrainingSettings.of(short)
    with pytest.raises(UserError, match=r"trainer\.lora: expected null or settings of an adapter; got 4"):
        TrainingSettings.of({**values(), "lora": 4})
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
