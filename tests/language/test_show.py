import pytest

from reasoning_occ.language.prompt import Language
from reasoning_occ.language.show import coloured, main


def test_segments_are_named_counted_and_coloured(tokenizers, tiny_taxonomy, career):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 1024, "reason")
    example = language.example(next(career.transitions()), "Pay rose.")
    text = coloured(example, language)
    blocks = {span.style: text.plain[span.start : span.end] for span in text.spans if span.style != "bold"}
    assert blocks["green"] == "<think> Pay rose.</think>\n"
    assert blocks["bold yellow"] == "<answer> Nurses</answer><|im_end|>\n"
    assert f"[reason: {(example.segments == 1).sum()} tokens" in text.plain


def test_another_familys_format_is_shown_offline(nls, capsys):
    assert main(["--model", "llama3", "--person", nls.careers[0].person.id, "--reason", "Pay rose."]) == 0
    shown = capsys.readouterr().out
    assert "<|start_header_id|>user<|end_header_id|>" in shown
    assert "<think> Pay rose.</think>" in shown


def test_an_unknown_person_is_one_sentence(nls, capsys):
    assert main(["--person", "nobody"]) == 1
    assert "no person 'nobody'" in capsys.readouterr().err


def test_help_teaches_and_usage_errors_exit_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "<answer> title of the next occupation</answer>" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stopped:
        main(["--asks", "title", "--reason", "x"])
    assert stopped.value.code == 2
