"""Tiny finished runs, the page as its command serves it, and a browser that fails a test on what a person would not
see: an error in its console, or a question to another machine."""

import re
import shutil

import pytest
from page_command import command

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def finished(tmp_path_factory, nls):
    """A folder of two finished runs: `joint`, a random tiny model that writes reasons, and `markov`."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF
    from reasoning_occ.experiment import run_job

    base = tmp_path_factory.mktemp("page")
    jobs = {"markov": ["baseline=markov"], "joint": ["debug=tiny", "method=joint", "trainer.max_steps=2"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REASONING_OCC_CACHE", str(base / "cache"))
        for name, words in jobs.items():
            folder = base / "runs" / name
            with initialize_config_dir(str(CONF), version_base="1.3"):
                more = [f"stages={base}/stages", "data.people=60", "evaluation.resamples=10", "threads=1"]
                cfg = compose("config", [*words, *more])
            (folder / ".hydra").mkdir(parents=True)
            OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
            run_job(cfg, folder)
        yield base / "runs"


@pytest.fixture(scope="session")
def served(finished, tmp_path_factory):
    """The page of the run that writes reasons, beside both runs' table."""
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')
    scratch = tmp_path_factory.mktemp("scratch")
    with command(scratch, f"run={finished / 'joint'}", f"runs={finished}", "reasons=2") as page:
        yield page


# while it is open an event loop runs in this thread, in which no other test could start its own: so not for the session
@pytest.fixture(scope="module")
def chromium():
    """A headless browser; nothing is downloaded for it."""
    sync = pytest.importorskip("playwright.sync_api", reason="needs playwright (of the extra dev)")
    if CHROMIUM is None:
        pytest.skip("needs the program chromium (Debian: apt-get install chromium)")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens an address, as wide as asked for; after the test nothing may have gone wrong unseen."""
    contexts, wrong = [], []

    def note(request):
        if not re.match(r"(http://127\.0\.0\.1:\d+/|data:|blob:)", request.url):
            wrong.append(f"asked {request.url}")

    def opened(address, width=1200, height=900):
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)  # machines under load are slow without being wrong
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", note)
        page.goto(address)
        page.get_by_role("tab", name="Try it").wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(served, visit):
    """The page in a desktop's window."""
    return visit(served.address)
