import numpy as np
import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.inference.head import rank_by_head
from reasoning_occ.inference.model import parts
from reasoning_occ.models.title_head import TitleHead

TITLES = [(5, 6, 7), (5, 8), (9,), (10, 11), (12,)]
CONTEXTS = [[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5], [2, 7], [1], [90, 80, 70, 60, 50, 40, 30]]


def but(title):
    mask = np.ones(len(TITLES), dtype=bool)
    mask[title] = False
    return mask


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_agrees_with_one_person_at_a_time(model, batch):
    titles = TitleHead.of_titles(parts(model).head, TITLES)
    masks = [but(number) for number in range(4)]
    ranked = list(rank_by_head(model, titles, CONTEXTS, masks, batch=batch, label=None))
    model.eval()
    for row, context, mask in zip(ranked, CONTEXTS, masks, strict=True):
        with torch.no_grad():
            state = parts(model).decoder(input_ids=torch.tensor([context])).last_hidden_state[0, -1]
            scores = (titles.weight @ state).double().numpy()
        np.testing.assert_allclose(np.exp(row[mask]), np.exp(scores[mask]) / np.exp(scores[mask]).sum(), rtol=1e-4)
        assert row[~mask] == -np.inf
        assert np.ptp(row[mask]) > 0.1


def test_a_copying_head_prefers_what_was_held(model, tmp_path):
    weight = TitleHead.of_titles(parts(model).head, TITLES).weight
    titles = TitleHead(weight, torch.tensor([0.3, 0.1]))
    places = [np.array([0, 2]), np.array([1, -1]), np.array([2, 4]), np.array([3, -1])]
    masks = [but(number) for number in range(4)]
    titles.save(tmp_path)
    ranked = rank_by_head(model, TitleHead.read(tmp_path), CONTEXTS, masks, places, batch=3, label=None)
    plain = rank_by_head(model, TitleHead(weight), CONTEXTS, masks, batch=3, label=None)
    for row, without, (first, second), mask in zip(ranked, plain, places, masks, strict=True):
        scores = without.copy()
        scores[first] += 3
        if second >= 0:
            scores[second] += 1
        wanted = scores[mask] - np.logaddexp.reduce(scores[mask])
        np.testing.assert_allclose(row[mask], wanted, rtol=1e-5)
        assert row[~mask] == -np.inf
    with pytest.raises(ValueError, match="held: expected those of each person"):
        rank_by_head(model, titles, CONTEXTS, masks, batch=3, label=None)


def test_written_and_read(model, tmp_path):
    titles = TitleHead.of_titles(parts(model).head, TITLES)
    titles.save(tmp_path)
    assert torch.equal(TitleHead.read(tmp_path).weight, titles.weight)
    (tmp_path / "titles.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(UserError, match="ranking=tokens"):
        TitleHead.read(tmp_path)


def test_what_can_not_be_ranked_is_refused(model):
    titles = TitleHead.of_titles(parts(model).head, TITLES)
    with pytest.raises(ValueError, match="expected 5 booleans"):
        rank_by_head(model, titles, [[1]], [np.ones(4, dtype=bool)], batch=1, label=None)
    with pytest.raises(UserError, match="window is 128"):
        list(rank_by_head(model, titles, [[1] * 129], [but(0)], batch=1, label=None))
