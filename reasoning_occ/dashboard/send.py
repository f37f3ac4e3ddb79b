"""Turns specifications into the objects of wandb-workspaces and saves them, each in the place of its earlier self."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from typing import Any

from reasoning_occ.dashboard.specification import MARK, Panel, Report, Workspace
from reasoning_occ.errors import UserError
from reasoning_occ.login import UNSENT, log_in

EXTRA = "The dashboard needs wandb-workspaces: pip install 'reasoning-occ[dashboard]'. --print shows it without."
PRINT = "Log in with WANDB_API_KEY or `wandb login`; --print shows the dashboard without."
WIDTH, HEIGHT, ACROSS = 8, 6, 3
"""Of a panel of a report, in W&B's units of which 24 go across; how many stand side by side."""
LONGEST = 300
"""Characters of another's error that are told."""


def _library(part: str) -> Any:
    """A module of wandb-workspaces, which may be absent; its types are too loose to check ours by."""
    return import_module(f"wandb_workspaces.{part}")


def check() -> None:
    """Find what keeps anything from being saved.

    Raises:
        UserError: wandb-workspaces is not installed, nothing may be sent, or nobody is logged in.
    """
    os.environ.setdefault("WANDB_SILENT", "true")  # read with the import; what was saved is told by us
    try:
        _library("workspaces")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("wandb_workspaces"):
            raise
        raise UserError(EXTRA) from error
    import wandb

    mode = wandb.setup().settings.mode
    if mode in UNSENT:
        raise UserError(
            f"The dashboard is on Weights & Biases, and WANDB_MODE={mode} sends nothing. Set WANDB_MODE=online, or see "
            "it with --print."
        )
    log_in("dashboard", PRINT)


def save_workspace(wanted: Workspace) -> str:
    """Create the view, or put it in the place of the one that is there.

    Returns:
        Its address.

    Raises:
        UserError: there is no such project, or Weights & Biases can't be reached or refuses.
    """
    with _told(wanted.entity, wanted.project):
        view = workspace(wanted)
        earlier = _earlier(wanted)
        view._internal_name, view._internal_id = earlier if earlier else (_view_name(wanted), "")
        return str(view.save().url)


def save_report(wanted: Report) -> str:
    """As `save_workspace`, of a report. One of the same title by a person is left alone."""
    with _told(wanted.entity, wanted.project):
        import wandb

        page = report(wanted)
        for other in wandb.Api().reports(f"{wanted.entity}/{wanted.project}"):
            if other.display_name == wanted.title and other.description == MARK:
                page.id = other.id
                break
        return str(page.save().url)


def workspace(wanted: Workspace) -> Any:
    """The view as an object of wandb-workspaces, without a network."""
    expr, ws = _library("expr"), _library("workspaces")

    sections = [
        ws.Section(name=section.name, panels=list(_panels(section.panels, section.name)), is_open=number == 0)
        for number, section in enumerate(wanted.sections)
    ]
    runs = ws.RunsetSettings(
        groupby=[expr.Config(key) for key in wanted.group_by],
        pinned_columns=["run:displayName", *(f"summary:{name}" for name in wanted.columns)],
    )
    return ws.Workspace(
        entity=wanted.entity, project=wanted.project, name=wanted.title, sections=sections, runset_settings=runs
    )


def report(wanted: Report, alone: bool = False) -> Any:
    """The report as an object of wandb-workspaces.

    Args:
        wanted: what it shows.
        alone: without naming the project of its runs, which W&B looks up as soon as the object is turned into JSON.
    """
    expr, wr = _library("expr"), _library("reports.v2")

    place = {} if alone else {"entity": wanted.entity, "project": wanted.project}
    blocks: list[Any] = [wr.TableOfContents()]
    for block in wanted.blocks:
        blocks.append(wr.H2(block.heading))
        if block.text:
            blocks.append(wr.MarkdownBlock(block.text))
        if block.panels:
            chosen = wr.Runset(name="The sweep", filters=[expr.Metric("ID").isin(list(wanted.runs))], **place)
            grid = wr.PanelGrid(runsets=[chosen], panels=list(_panels(block.panels, block.heading)))
            blocks.append(grid)
    return wr.Report(
        project=wanted.project,
        entity=wanted.entity,
        title=wanted.title,
        description=wanted.description,
        blocks=blocks,
        width="fluid",
    )


def _panels(panels: Sequence[Panel], where: str) -> Iterator[Any]:
    wr = _library("reports.v2")

    for number, panel in enumerate(panels):
        row, column = divmod(number, ACROSS)
        made = _panel(panel, wr.Layout(x=column * WIDTH, y=row * HEIGHT, w=WIDTH, h=HEIGHT))
        # the same panel keeps its id, so that an update is no new panel to who has links to it
        made._id = sha256(f"{where}/{panel.title}".encode()).hexdigest()[:12]
        yield made


def _panel(panel: Panel, layout: Any) -> Any:
    wr = _library("reports.v2")

    if panel.kind == "text":
        return wr.MarkdownPanel(markdown=panel.text, layout=layout)
    if panel.kind == "bars":
        return wr.BarPlot(title=panel.title, metrics=list(panel.metrics), layout=layout)
    if panel.kind == "lines":
        return wr.LinePlot(title=panel.title, x=panel.x, y=list(panel.metrics), layout=layout)
    x, y = (wr.SummaryMetric(name) for name in (panel.x, *panel.metrics))
    return wr.ScatterPlot(title=panel.title, x=x, y=y, layout=layout)


def _view_name(wanted: Workspace) -> str:
    return f"nw-{wanted.view}-v"


def _earlier(wanted: Workspace) -> tuple[str, str] | None:
    """Name and id of the view that is there."""
    try:
        found = _library("workspaces.internal").View.from_name(wanted.entity, wanted.project, _view_name(wanted))
    except ValueError as error:
        if "Workspace" in str(error) and "not found in project" in str(error):
            return None
        raise
    return found.name, found.id


@contextmanager
def _told(entity: str, project: str) -> Iterator[None]:
    """What wandb and its libraries raise, in a sentence: their errors have no common class."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:LONGEST].rstrip(".") or type(error).__name__
        if "not found" in told and "roject" in told:
            raise UserError(
                f"There is no project {entity}/{project} on Weights & Biases, or you may not see it. A run makes it: "
                f"python -m reasoning_occ.run logger=wandb logger.entity={entity} logger.project={project}"
            ) from error
        raise UserError(f"Weights & Biases did not take the dashboard of {entity}/{project}: {told}.") from error
