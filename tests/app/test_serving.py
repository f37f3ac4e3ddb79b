"""The page's server: what it lets through, how it starts and ends."""

import http.client
import json
import os
import signal
import sys
import urllib.parse

import pytest
from page_command import command

from reasoning_occ.app.gate import LARGEST, refused


def scope(path, method="GET", host=b"127.0.0.1:7860", length=None, kind=b"application/json", origin=None):
    headers = [(b"host", host)] + ([(b"content-length", str(length).encode())] if length is not None else [])
    headers += [(b"content-type", kind)] if method == "POST" else []
    headers += [(b"origin", origin)] if origin is not None else []
    return {"type": "http", "path": path, "method": method, "headers": headers}


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/theme.css", "/assets/index-1a.js", "/static/img/logo.svg", "/gradio_api/queue/data"],
)
def test_what_the_page_needs_gets_through(path):
    assert refused(scope(path)) == 0


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/gradio_api/file=/etc/passwd", "GET"),
        ("/file=/etc/passwd", "GET"),
        ("/gradio_api/file/etc/passwd", "GET"),
        ("/gradio_api/file=http://example.org/", "GET"),
        ("/gradio_api/proxy=http://example.org/", "GET"),
        ("/gradio_api/upload", "POST"),
        ("/gradio_api/component_server", "POST"),
        ("/gradio_api/run/job", "POST"),
        ("/gradio_api/call/job", "POST"),
        ("/assets/../../../etc/passwd", "GET"),
        ("/static//etc/passwd", "GET"),
        ("/monitoring", "GET"),
        ("/gradio_api/queue/join", "PUT"),
    ],
)
def test_what_it_does_not_need_is_refused(path, method):
    assert refused(scope(path, method)) == 403


def test_other_sites_cannot_ask_in_the_name_of_the_page():
    join = ("/gradio_api/queue/join", "POST")
    assert refused(scope(*join)) == 0 and refused(scope(*join, origin=b"http://127.0.0.1:7860")) == 0
    assert refused(scope(*join, kind=b"application/json; charset=utf-8", origin=b"http://localhost:7860")) == 0
    for origin in (b"http://evil.example", b"http://127.0.0.1.evil.example", b"null"):
        assert refused(scope(*join, origin=origin)) == 403
    for kind in (b"text/plain", b"application/x-www-form-urlencoded", b""):  # sent to other sites without asking them
        assert refused(scope(*join, kind=kind)) == 403


def test_other_names_and_large_requests_are_refused():
    assert refused(scope("/", host=b"evil.example")) == 403
    assert refused(scope("/", host=b"127.0.0.1.evil.example")) == 403
    assert refused({**scope("/"), "headers": []}) == 403
    assert refused({**scope("/"), "type": "websocket"}) == 403
    assert refused(scope("/gradio_api/queue/join", "POST", length=LARGEST + 1)) == 413
    assert refused(scope("/gradio_api/queue/join", "POST", length="x")) == 413
    assert refused(scope("/gradio_api/queue/join", "POST", length=100)) == 0


def test_without_gradio_a_sentence_says_what_to_install(monkeypatch):
    from reasoning_occ.app.serving import _gradio
    from reasoning_occ.errors import UserError

    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(UserError, match=r'pip install "reasoning-occ\[app\]"'):
        _gradio()


@pytest.mark.slow
def test_the_server_itself_gives_nothing_away(served):
    host = urllib.parse.urlsplit(served.address).netloc

    def ask(path, method="GET", body=None, **headers):
        connection = http.client.HTTPConnection(host, timeout=60)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    for path in ("/gradio_api/file=/etc/passwd", "/file=/etc/passwd", "/gradio_api/file=http://127.0.0.1:1/"):
        assert ask(path)[0] == 403
    assert ask("/gradio_api/upload", "POST", b"x")[0] == 403
    assert ask("/", Host="evil.example")[0] == 403
    assert ask("/gradio_api/queue/join", "POST", b"x" * (LARGEST + 1))[0] == 413
    status, _, headers = ask("/")
    assert status == 200 and "default-src 'self'" in headers["content-security-policy"]
    # a question in another form than the page's own: no traceback, and the page goes on
    status, text, _ = ask(
        "/gradio_api/queue/join",
        "POST",
        json.dumps({"fn_index": 0, "data": ["../x", 1]}).encode(),
        **{"Content-Type": "application/json"},
    )
    assert b"Traceback" not in text
    assert ask("/config")[0] == 200


@pytest.mark.slow
def test_a_run_without_reasons_and_ctrl_c(finished, visit, tmp_path):
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')
    with command(tmp_path, f"run={finished / 'markov'}") as markov:
        page = visit(markov.address)
        page.get_by_role("button", name="Paste or upload").click()
        career = {"id": "a", "jobs": [{"occupation": "Sales, trade", "start": "2001"}]}
        page.get_by_label("Or paste JSON").fill(json.dumps(career))
        page.get_by_role("button", name="Read what is pasted").click()
        page.get_by_text("Read: job titles").wait_for()
        page.get_by_role("button", name="What comes next?").click()
        page.get_by_text("This run writes no reason").wait_for()
        assert page.locator("#try-shown .titles li").count() == 10
        page.get_by_role("tab", name="Judge").click()
        page.get_by_text("learns from no reasons").wait_for()
        # a page that is open then: this one is not watched, for it may say that its server is gone
        page.context.new_page().goto(markov.address)
        page.close()
        os.kill(markov.process.pid, signal.SIGINT)
        assert markov.process.wait(60) == 0
        assert not any(tmp_path.iterdir()), "nothing is left behind"


@pytest.mark.slow
def test_sigterm_ends_it_as_ctrl_c_does(finished, tmp_path):
    pytest.importorskip("gradio", reason='needs gradio: pip install "reasoning-occ[app]"')
    with command(tmp_path, f"run={finished / 'markov'}") as markov:
        assert any(tmp_path.iterdir())  # gradio's folder
        os.kill(markov.process.pid, signal.SIGTERM)
        assert markov.process.wait(60) == 0
        assert not any(tmp_path.iterdir()), "nothing is left behind"
