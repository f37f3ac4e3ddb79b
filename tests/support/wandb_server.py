"""A server on loopback that speaks as much of W&B's GraphQL as saving views and reports takes, and keeps them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef" * 2 + "01234567"
USER = {"id": "u", "entity": "team", "username": "me", "name": "Me", "email": "me@example.org", "admin": False}


@dataclass
class Fake:
    """What it holds.

    views: by id, each as it was saved. projects: names of those that `entity` has. refuse: an error for every
    mutation. unknown: queries it had no answer to.
    """

    projects: tuple[str, ...] = ("jobs",)
    entity: str = "team"
    refuse: str = ""
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    url: str = ""

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Views ("project-view") or reports ("runs")."""
        return [view for view in self.views.values() if view["type"] == kind]

    def answer(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        """The reply to one query."""
        if "upsertView" in query:
            return self._upsert(given)
        if "ProjectViews" in query or "query View(" in query:
            return {"data": {"project": self._project(given)}}
        if "ProjectInternalId" in query:
            known = given["projectName"] in self.projects
            return {"data": {"project": {"id": "p", "internalId": "7"} if known else None}}
        if "GetProjects" in query:
            same = {"entityName": self.entity, "createdAt": "2026-01-01T00:00:00Z", "isBenchmark": False, "user": None}
            nodes = [{"id": name, "name": name, "__typename": "Project", **same} for name in self.projects]
            page = {"hasNextPage": False, "endCursor": None, "__typename": "PageInfo"}
            edges = [{"node": node, "cursor": "", "__typename": "ProjectEdge"} for node in nodes]
            return {"data": {"models": {"edges": edges, "pageInfo": page, "__typename": "ProjectConnection"}}}
        if "viewer" in query:
            return {"data": {"viewer": USER, "serverInfo": {}}}
        self.unknown.append(query)
        return {"errors": [{"message": "no such query"}]}

    def _upsert(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.refuse:
            return {"errors": [{"message": self.refuse}]}
        found = given.get("id")
        if found and found not in self.views:
            return {"errors": [{"message": f"no view {found}"}]}
        number = found or f"Vmlldzox{len(self.views)}"
        self.views[number] = {**self.views.get(number, {}), **given, "id": number}
        view = self.views[number]
        project = {"id": "p", "name": view["projectName"], "entityName": view["entityName"]}
        return {"data": {"upsertView": {"view": {**view, "project": project}, "inserted": not found}}}

    def _project(self, given: dict[str, Any]) -> dict[str, Any] | None:
        if given.get("name", given.get("project")) not in self.projects:
            return None
        named = given.get("viewName")
        nodes = [v for v in self.of_type(given.get("viewType", "runs")) if named in (None, v["name"])]
        page = {"hasNextPage": False, "endCursor": None}
        return {"allViews": {"edges": [{"node": node, "cursor": ""} for node in nodes], "pageInfo": page}}


@contextmanager
def serving(fake: Fake) -> Iterator[Fake]:
    """Serve `fake` at `fake.url` for a while."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = b"{}"
            if self.path == "/graphql" and body:  # the client's own telemetry goes elsewhere, in chunks
                asked = json.loads(body)
                told = json.dumps(fake.answer(asked["query"], asked.get("variables") or {})).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
