"""Serving the evidence page to one analyst on this machine, and saving decisions as they are made.

It listens on 127.0.0.1 alone and answers only to that host name, so that a page elsewhere cannot
reach it by pointing its own name here (DNS rebinding). It accepts decisions only from the page that
it served itself, by a token that no other page can read.
"""

import html
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypedDict

from gnomon.datamodel.decisions import REVIEW
from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.datamodel.geojson import strict_json
from gnomon.report.page.decisions import (
    decision_features,
    merge_decisions,
    read_decisions,
    write_decisions,
)
from gnomon.report.page.shell import embedded

HOST = "127.0.0.1"
MAX_BODY_BYTES = 50_000_000
PAGES = ("/", "/index.html", "/report.html")


class Saved(TypedDict):
    """Answer to decisions that were saved."""

    saved: int
    """Number of decisions in the file."""
    file: str


class ReviewServer(ThreadingHTTPServer):
    """Serves one page, and saves decisions in one file.

    Parameters
    ----------
    page
        HTML that `gnomon.report.page.page.write_report` wrote.
    folder
        Folder of the run; decisions are saved there.
    port
        Port on this machine; 0 for any free one.

    Raises
    ------
    StoreError
        The port is taken.

    """

    daemon_threads = True

    def __init__(self, page: Path, folder: Path, port: int = 0) -> None:
        self.page, self.review = page, folder / REVIEW
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        read_decisions(self.review)  # report a faulty file before anything is decided
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise StoreError(
                f"port {port}: {error.strerror}; choose another with --port"
            ) from error

    @property
    def url(self) -> str:
        """URL of the page."""
        return f"http://{HOST}:{self.server_port}/"

    def page_text(self) -> str:
        """HTML of the page, with the token and the present decisions."""
        review = embedded({"type": "FeatureCollection", "features": read_decisions(self.review)})
        extra = (
            f'<meta name="gnomon-served" content="{html.escape(self.token)}">\n'
            f'<script type="application/json" id="review">{review}</script>\n</head>'
        )
        return self.page.read_text(encoding="utf-8").replace("</head>", extra, 1)

    def save(self, body: bytes) -> Saved:
        """Add decisions to the file.

        Raises
        ------
        ValueError
            The body is not a collection of decisions.
        StoreError
            The present file is faulty, or cannot be written.

        """
        value = strict_json(body)
        with self.lock:
            present = read_decisions(self.review)
            every = merge_decisions(present, decision_features(value, present))
            write_decisions(every, self.review)
        return {"saved": len(every), "file": REVIEW}


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page, or with the decisions."""
        path = self.path.split("?")[0]
        if not self._is_ours():
            return
        try:
            if path in PAGES:
                self._answer(HTTPStatus.OK, self.server.page_text(), "text/html; charset=utf-8")
            elif path == f"/{REVIEW}":
                features = read_decisions(self.server.review)
                self._json(HTTPStatus.OK, {"type": "FeatureCollection", "features": features})
            else:
                self._json(HTTPStatus.NOT_FOUND, {"error": "there is only one page here"})
        except (GnomonError, OSError) as error:
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def do_POST(self) -> None:
        """Save decisions."""
        if not self._is_ours():
            return
        length = int(self.headers.get("Content-Length") or 0)
        token = self.headers.get("X-Gnomon-Token", "")
        if self.path != f"/{REVIEW}" or not secrets.compare_digest(token, self.server.token):
            self._refuse(HTTPStatus.FORBIDDEN, "decisions must come from the page that was served")
        elif not 0 < length <= MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is empty or too long")
        else:
            self._save(self.rfile.read(length))

    def _save(self, body: bytes) -> None:
        try:
            self._json(HTTPStatus.OK, self.server.save(body))
        except ValueError as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": f"not decisions: {error}"})
        except GnomonError as error:
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def _is_ours(self) -> bool:
        """Whether the request names this host, and comes from no other site."""
        names = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in names and (
            origin is None or origin.removeprefix("http://") in names
        ):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "use the address 127.0.0.1")
        return False

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # the rest of the request is not read
        self._json(status, {"error": why})

    def _json(self, status: HTTPStatus, value: object) -> None:
        self._answer(status, json.dumps(value), "application/json")

    def _answer(self, status: HTTPStatus, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Log nothing: the analyst sees the page."""
