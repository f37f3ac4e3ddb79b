"""What an export tells of titles is what the run knew of them."""

import json

from hydra import compose, initialize_config_dir

from reasoning_occ.config import CONF
from reasoning_occ.occupations import onet_words
from reasoning_occ.occupations.snap import TitleReader
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy
from reasoning_occ.recommend import exported


def test_titles_mean_the_same_after_an_export(tmp_path):
    whole = Taxonomy(
        "onet",
        [Occupation("1", "Cooks, Restaurant", ("Cook",)), Occupation("2", "Cooks, Fast Food", ("Cook", "Fry Cook")),
         Occupation("3", "Bakers")],
        {"1": ["2"], "2": ["3"]},
        guess=onet_words.guess,
        likely={"cook": ["1"]},
    )  # fmt: skip
    ranked = whole.only(["2", "3"])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config")
    told = exported.told(cfg, ranked, "joint", "0" * 64, merged=False)
    (tmp_path / exported.FILE).write_text(json.dumps(told))
    _, read, _, _ = exported.read(tmp_path, None)
    assert read.codes == ranked.codes and read.whole.codes == whole.codes and read.whole.likeliest == whole.likeliest
    assert read.related("2") == ranked.related("2") and read.listed("2") == ranked.listed("2")
    for title in ("Cook", "Senior cook", "Fry cook", "Baker", "Pilot"):
        assert TitleReader(read, 0.9)(title) == TitleReader(ranked, 0.9)(title)
    assert TitleReader(read, 0.9)("Cook") == ("words", "2"), "the nearest related one that is ranked"
