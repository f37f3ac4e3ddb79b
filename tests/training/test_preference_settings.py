from dataclasses import asdict

import pytest
from preferences import choices

from reasoning_occ.errors import UserError
from reasoning_occ.training.preference_settings import PreferenceSettings


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"loss": "hinge"}, r"preference\.loss: expected sigmoid; got hinge"),
        ({"beta": 0}, r"preference\.beta: expected a number above 0; got 0"),
        ({"beta": float("nan")}, r"preference\.beta: expected a number"),
        ({"over": "title"}, r"preference\.over: expected reason or all"),
        ({"rpo_alpha": -1}, r"preference\.rpo_alpha: expected 0 or more"),
        ({"rpo_alpha": None}, r"preference\.rpo_alpha: expected a number"),
        ({"length_normalised": 1}, r"preference\.length_normalised: expected true or false"),
        ({"epochs": 0}, r"preference\.epochs: expected a whole number above 0"),
        ({"batch": 2.5}, r"preference\.batch: expected a whole number above 0"),
        ({"max_steps": 0}, r"preference\.max_steps: expected null or a whole number"),
        ({"warmup": 1}, r"preference\.warmup: expected a share"),
        ({"lr": -1e-5}, r"preference\.lr: expected a number above 0"),
    ],
)
def test_wrong_settings_are_told_in_a_sentence(changed, told):
    with pytest.raises(UserError, match=told):
        choices(**changed)


def test_settings_must_have_just_their_keys():
    values = asdict(choices())
    assert PreferenceSettings.of(values) == choices()
    with pytest.raises(UserError, match=r"preference\.dropout: no such setting"):
        PreferenceSettings.of({**values, "dropout": 0})
    values.pop("beta")
    with pytest.raises(UserError, match=r"preference\.beta: no value given"):
        PreferenceSettings.of(values)
