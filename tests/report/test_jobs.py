import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.report.jobs import find


def test_a_job_that_failed_after_scoring_is_not_finished(sweep):
    (sweep / "joint-2" / "status.json").write_text(
        '{"stage": "report", "done": false, "resumable": true, "error": "No space left."}'
    )
    finished, unfinished = find(sweep)
    assert [job.name for job in finished] == ["direct"]
    assert [str(job) for job in unfinished] == [
        "joint-2 (stage report; No space left; the same command goes on)",
        "joint-3 (stage fit; the same command goes on)",
    ]


def test_jobs_are_found_below_sweeps_and_links(sweep, tmp_path_factory):
    above = tmp_path_factory.mktemp("above")
    (above / "linked").symlink_to(sweep)
    (above / ".cache" / ".hydra").mkdir(parents=True)
    finished, _ = find(above)
    assert [job.name for job in finished] == ["direct", "joint"]


@pytest.mark.parametrize(
    ("content", "message"), [("{", "Could not read"), ("[]", "expected a JSON object"), ("{}", "lacks 'recommender'")]
)
def test_a_broken_file_is_named(sweep, content, message):
    (sweep / "joint-2" / "metrics.json").write_text(content)
    with pytest.raises(UserError, match=message) as error:
        find(sweep)
    assert "joint-2/metrics.json" in str(error.value)


def test_a_folder_without_jobs_is_told(tmp_path):
    with pytest.raises(UserError, match="holds no job"):
        find(tmp_path)
    with pytest.raises(UserError, match="no folder"):
        find(tmp_path / "absent")


def test_jobs_stand_in_the_order_of_their_sweep(sweep):
    for folder, number in (("direct-1", 1), ("joint-2", 0)):
        (sweep / folder / ".hydra" / "hydra.yaml").write_text(f"hydra: {{job: {{num: {number}}}}}\n")
    assert [job.name for job in find(sweep)[0]] == ["joint", "direct"]


def test_a_failed_job_is_named_with_its_error_alone(sweep):
    (sweep / "joint-3" / "status.json").write_text(
        '{"stage": "fit", "done": false, "resumable": false, "error": "No such model.\\nIn detail"}'
    )
    (failed,) = find(sweep)[1]
    assert failed.failed and str(failed) == "joint-3 (stage fit; No such model)"
