"""The page: a header that says what it is not, and four tabs."""

from typing import TYPE_CHECKING, Any

from reasoning_occ.app import judge, people, runs, try_it
from reasoning_occ.app.render import HERE, render
from reasoning_occ.app.wiring import html

if TYPE_CHECKING:
    import gradio as gr

    from reasoning_occ.app.opened import Opened

_SYSTEM = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
_FIXED = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")


def page(run: "Opened") -> "gr.Blocks":
    """The page of a run, not served yet."""
    import gradio as gr

    with gr.Blocks(analytics_enabled=False, title=f"{run.recommender.name} - reasoning_occ", fill_width=False) as found:
        html(header(run))
        with gr.Tabs():
            for name, build in (("Try it", try_it), ("People", people), ("Runs", runs), ("Judge", judge)):
                with gr.Tab(name, id=name):
                    build.build(run)
    return found


def header(run: "Opened") -> str:
    """What the page is about, and what it is not."""
    known, data = run.metrics, run.metrics.get("data", {})
    return render(
        "header.html.j2",
        name=run.recommender.name,
        run=run.run.resolve().name,
        titles=len(run.recommender.taxonomy),
        taxonomy=run.recommender.taxonomy.name,
        note=run.recommender.taxonomy.note,
        right=known["AccEM"]["value"],
        tested=known["counts"]["people"],
        drawn=run.drawn,
        what="validation" if data.get("part") == "valid" else "test",
    )


def head() -> str:
    """What the page's head holds beside gradio's own. Styles are not given as `css=`, which gradio cuts at every comma,
    also inside `:is()`."""
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("style.css", "page.js"))
    return f"<style>{style}</style><script>{script}</script>"


def theme() -> Any:
    """Gradio's plain theme in the fonts of the reader's own machine."""
    from gradio.themes import Base

    plain = Base(
        primary_hue="blue", neutral_hue="stone", font=_SYSTEM, font_mono=_FIXED, radius_size="md", text_size="md"
    )
    # the colours of style.css
    return plain.set(
        button_primary_background_fill="var(--first)",
        button_primary_background_fill_hover="var(--ink)",
        button_primary_text_color="var(--card)",
        button_secondary_background_fill="var(--card)",
        button_secondary_background_fill_hover="var(--tint)",
        button_secondary_border_color="var(--field)",
        button_border_width="1px",
        button_large_text_weight="500",
        button_large_padding="0.5rem 1rem",
        body_background_fill="var(--page)",
        block_background_fill="var(--card)",
        block_label_text_color="var(--ink)",
        block_title_text_color="var(--ink)",
        color_accent="var(--first)",
        input_background_fill="var(--card)",
        input_border_width="1px",
        input_border_color="var(--field)",
        checkbox_label_background_fill="var(--card)",
    )
