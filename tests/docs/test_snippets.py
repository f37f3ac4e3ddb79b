"""Every snippet of README and docs does what the page says, or is listed with the reason why it is not tried."""

import json

import pytest
import snippets
import trying

COMMANDS = {command.text: command for page in snippets.PAGES for command in snippets.commands(page)}
BLOCKS = [block for page in snippets.PAGES for block in snippets.blocks(page)]


def named(one) -> str:
    return f"{one.page}:{one.line}"


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: f"{named(command)} {command.text[:60]}")
def test_command(command, reader):
    assert trying.tried(command.text)


@pytest.mark.slow
@pytest.mark.parametrize("block", [block for block in BLOCKS if block.language == "python"], ids=named)
def test_python(block, reader):
    exec(compile(block.text, named(block), "exec"), {})


def test_every_block_says_what_it_is():
    assert not [named(block) for block in BLOCKS if block.language not in snippets.LANGUAGES]
    texts = [named(block) for block in BLOCKS if block.language == "text"]
    assert len(texts) == 1, f"only the picture of the house is neither typed nor read by a program: {texts}"
    for block in BLOCKS:
        if block.language == "json":
            json.loads(block.text)


def test_every_reason_not_to_try_is_needed():
    spoken = [" ".join(snippets.words(text)) for text in COMMANDS]
    assert not [one for one in trying.LISTED if not any(said.startswith(one) for said in spoken)]
    modules = {word for said in spoken for word in said.split()}
    assert {*trying.SMALLER, *trying.ALONE} <= modules
    files = [word for one in trying.LISTED for word in one.split() if word.startswith("experiments/")]
    assert all((snippets.ROOT / file).is_file() for file in files)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("python -m reasoning_occ.run methd=direct", "methd"),
        ("python -m reasoning_occ.run method=dircet", "no such choice"),
        ("python -m reasoning_occ.run trainer.epoch=2", "no key"),
        ("python -m reasoning_occ.run --multrun method=direct", "no options"),
        ("python -m reasoning_occ.run method=direct preference=dpo", "learns no reasons"),
        ("python -m reasoning_occ.run method=direct baseline=markov", "one recommender"),
        ("python -m reasoning_occ.run -m row=joint,marcov", "marcov"),
        ("... trainer.epochs=0", "trainer.epochs"),
        ("-m ablation=no_judge,no_jugde", "no_jugde"),
        ("make run ARGS='data.poeple=all'", "no key"),
        ("make bench ARGS=--quik", "ended with 2"),
        ("make tset", "no target"),
        ("python -m reasoning_occ.plan teacher=antropic", "ended with 1"),
        ("python -m reasoning_occ.plan teacher=anthropic --no-cuont", "ended with 2"),
        ("python -m reasoning_occ.recommend run=runs/joint-... resume.json --what_if 'drop 2'", "ended with 2"),
        ("python -m reasoning_occ.recommend run=runs/joint-... resume.json --given Nobody", "ended with 1"),
        ("python -m reasoning_occ.recommend careers.jsonl --ouput x --engine ray", "ended with 2"),
        ("python -m reasoning_occ.app rnu=runs/joint-...", "reasoning_occ.app"),
        ("python -m reasoning_occ.dashboard ENTITY/PROJECT --seep sweeps/NAME", "ended with 2"),
        ("python -m reasoning_occ.audit runs/absent", "ended with 1"),
        ("python -m reasoning_occ.reprot runs", "there is no reasoning_occ.reprot"),
        ("python experiments/reason_uze.py", "there is no experiments.reason_uze"),
        ('pip install -e ".[dashbord]"', "no extra"),
        ("curl localhost", "nobody knows"),
    ],
)
def test_what_a_reader_could_not_type_is_refused(text, told, reader):
    with pytest.raises(trying.Refused, match=told):
        trying.tried(text)
