"""A chat model in this process, against whole sequences computed one by one."""

import numpy as np
import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.inference.local import Chat
from reasoning_occ.language.chat import end_of_turn, prompt
from reasoning_occ.models.tiny import tiny

SYSTEM = "You judge a text. Answer with the score alone, a whole number from 1 to 5."
PROMPTS = [(SYSTEM, "They drove."), (SYSTEM, "They flew, and then they drove a lorry."), (SYSTEM, "They sold.")]
DIGITS = "12345"


@pytest.fixture(scope="module", params=["smollm2", "qwen3", "llama3"])
def backbone(request):
    return tiny(request.param, [SYSTEM, *(user for _, user in PROMPTS)], seed=0, dtype="fp32")


def plainly(backbone, system, user):
    """Log-probability of each digit: a whole sequence each, nothing shared, nothing padded."""
    tokenizer = backbone.tokenizer
    found = []
    for digit in DIGITS:
        ids = tokenizer.encode(prompt(tokenizer, system, user) + f"Score: {digit}", add_special_tokens=False)
        with torch.no_grad():
            logits = backbone.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -2].double()
        found.append(float(logits.log_softmax(-1)[ids[-1]]))
    return np.array(found)


@pytest.mark.parametrize("batch", [1, 2, 8])
def test_shares_are_those_of_whole_sequences(backbone, batch):
    heard = []
    shares, held = Chat(backbone.model, backbone.tokenizer).shares(
        PROMPTS, "Score:", DIGITS, batch=batch, told=heard.append
    )
    expected = np.array([plainly(backbone, *one) for one in PROMPTS])
    np.testing.assert_allclose(held, np.exp(expected).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(shares, np.exp(expected) / np.exp(expected).sum(axis=1, keepdims=True), rtol=1e-4)
    assert heard[-1] == len(PROMPTS) and len({tuple(row.round(6)) for row in shares}) == len(PROMPTS)


def test_one_prompt_and_none_are_as_good_as_many(backbone):
    chat = Chat(backbone.model, backbone.tokenizer)
    many, _ = chat.shares(PROMPTS, "Score:", DIGITS, batch=8)
    one, _ = chat.shares(PROMPTS[1:2], "Score:", DIGITS, batch=8)
    np.testing.assert_allclose(one[0], many[1], rtol=1e-4)
    none, held = chat.shares([], "Score:", DIGITS, batch=8)
    assert none.shape == (0, 5) and held.shape == (0,)


def test_an_answer_of_several_tokens_is_refused(backbone):
    with pytest.raises(UserError, match="more than one token"):
        Chat(backbone.model, backbone.tokenizer).shares(PROMPTS, "Score:", ["1", "12"], batch=1)


def test_texts_depend_on_their_seed_alone(backbone):
    chat = Chat(backbone.model, backbone.tokenizer)
    given = {"samples": 2, "temperature": 1.0, "max_tokens": 12}
    together = chat.write(PROMPTS, seeds=[5, 6, 7], batch=6, **given)
    alone = chat.write(PROMPTS[2:], seeds=[7], batch=1, **given)
    assert together[2] == alone[0]
    texts = [text for written in together for text, _ in written]
    assert len(set(texts)) == len(texts) and not any(ended for written in together for _, ended in written)


def test_the_end_of_a_turn_ends_a_text(backbone):
    ends = end_of_turn(backbone.tokenizer)
    head = backbone.model.get_output_embeddings()
    always = torch.zeros(head.out_features)
    always[ends] = 1e4
    hook = head.register_forward_hook(lambda module, given, logits: logits + always)
    try:
        written = Chat(backbone.model, backbone.tokenizer).write(
            PROMPTS, samples=1, temperature=1.0, seeds=[0, 0, 0], max_tokens=5, batch=3
        )
    finally:
        hook.remove()
    assert written == [[("", True)]] * 3
