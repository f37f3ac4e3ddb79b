"""What baselines keep of what they learnt: no names, and nothing that other code would misread."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from safetensors import safe_open

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.recommenders import features, kept
from reasoning_occ.recommenders.linear import Linear
from reasoning_occ.recommenders.sequence import features as side
from reasoning_occ.recommenders.sequence.gru4rec import GRU4Rec

# as with data=json, where what people wrote is code and title at once
OWN = Taxonomy("json", [Occupation(name, name) for name in ("Beadle of Ely", "Glover to the Queen", "Wherryman")], {})
TOWNS = ("Ely", "Acle", "Diss", "Beccles")
SMALL: dict[str, Any] = {
    "seed": 0, "side": ["time", "education", "region"], "width": 8, "dropout": 0.0, "copy": True, "groups": False,
    "titles": False, "lr": 0.01, "weight_decay": 0.0, "batch": 8, "epochs": 1, "patience": 1, "layers": 1,
}  # fmt: skip
MAKE: dict[str, Callable[[], Any]] = {
    "linear": lambda: Linear(OWN, [1.0], 0.01, 1.0, 5),
    "gru4rec": lambda: GRU4Rec(OWN, **SMALL),
}
HISTORY = Career(
    Person("1", 1950, {"race": "black"}),
    (Education(Date(1968), "12 years of school", 12),),
    (
        Job("c", Date(1970, 3), Date(1971), Facts(region="South", sector="trade", hours=40, wage=3.5, tenure_years=1)),
        Job("b", Date(1972), facts=Facts(region="West", pay="much more", full_time=True)),
    ),
)


def people() -> list[Any]:
    names = OWN.codes
    careers = [
        Career(
            Person(str(i)),
            (Education(Date(1960), f"school of {TOWNS[i % 4]}"),),
            tuple(Job(names[(i + j) % 3], Date(1961 + j), facts=Facts(region=TOWNS[i % 4])) for j in range(3)),
        )
        for i in range(12)
    ]
    return [t for career in careers for t in career.transitions()]


@pytest.mark.parametrize("name", MAKE)
def test_neither_names_nor_their_order_are_kept(name, tmp_path):
    MAKE[name]().fit(people(), people(), tmp_path)
    content = (tmp_path / kept.FILE).read_bytes()
    for told in (*OWN.codes, *TOWNS, "school of"):
        assert told.encode() not in content
    with safe_open(tmp_path / kept.FILE, "np") as file:
        known = json.loads(file.metadata()["told"])
    for digests in [known["features"]] if name == "linear" else known["vocabularies"]:
        assert len(digests) > 3 or name != "linear"
        assert digests == sorted(digests)


def test_who_changes_what_features_mean_raises_their_version(tiny_taxonomy):
    # a failure says: raise VERSION in the module, then put what is found here
    table = features.features(HISTORY, tiny_taxonomy)
    read = side.Features(list(side.GROUPS))
    read.fit([HISTORY])
    sequence = [read.numeric(HISTORY).round(4).tolist(), read.categorical(HISTORY).tolist()]
    found = [
        (module.VERSION, sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:12])
        for module, values in ((features, {k: round(v, 6) for k, v in table.items()}), (side, sequence))
    ]
    assert found == [(1, "2361bf40bde9"), (1, "a70134dd6066")]
