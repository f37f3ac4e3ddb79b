import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.training import checkpoints
from reasoning_occ.training.checkpoints import WholeCheckpointIO, forget_old, newest, path_of


def test_the_newest_readable_is_found_and_old_ones_are_forgotten(tmp_path):
    assert newest(tmp_path / "nothing") is None
    for step in (2, 10, 9):
        WholeCheckpointIO().save_checkpoint({"global_step": step, "x": torch.ones(2)}, path_of(tmp_path, step))
    (tmp_path / ".step-0000003.ckpt.123.part").write_bytes(b"what kill -9 left")
    forget_old(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-0000009.ckpt", "step-0000010.ckpt"]
    found = newest(tmp_path)
    assert found is not None and found[1]["global_step"] == 10
    path_of(tmp_path, 10).write_bytes(b"")
    found = newest(tmp_path)
    assert found is not None and found[1]["global_step"] == 9


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("PytorchStreamWriter failed")])
def test_a_full_disk_is_said_in_a_sentence_and_leaves_nothing(tmp_path, monkeypatch, error):
    def full(content, file):
        file.write(b"half")
        raise error

    monkeypatch.setattr(checkpoints.torch, "save", full)
    with pytest.raises(UserError, match=r"Could not write .*step-0000001.ckpt.*Free some space"):
        WholeCheckpointIO().save_checkpoint({}, path_of(tmp_path, 1))
    assert list(tmp_path.iterdir()) == []
