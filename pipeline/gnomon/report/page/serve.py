"""The evidence page from this machine's own address, so that decisions are saved as they are made.

It is for one analyst at this machine: it listens on 127.0.0.1 alone, answers only to that name (a
page elsewhere that points its own name here is refused), and takes decisions only from the page
that it gave out itself (by a token that no other page can read).
"""

import html
import json
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gnomon.datamodel.errors import GnomonError, StoreError
from gnomon.report.page.decisions import FILE, checked, merged, read_decisions, write_decisions
from gnomon.report.page.shell import embedded

HOST = "127.0.0.1"
MOST_BODY = 50_000_000
PAGES = ("/", "/index.html", "/report.html")


class Desk(ThreadingHTTPServer):
    """Serves one page, and keeps one file of decisions.

    Parameters
    ----------
    page
        The HTML that `gnomon.report.page.page.write_report` wrote.
    folder
        Of the run; decisions go there.
    port
        0 for any free one.

    Raises
    ------
    StoreError
        The port is taken.

    """

    daemon_threads = True

    def __init__(self, page: Path, folder: Path, port: int = 0) -> None:
        self.page, self.review = page, folder / FILE
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        read_decisions(self.review)  # a file that is at fault is told before anything is decided
        try:
            super().__init__((HOST, port), _Answers)
        except OSError as error:
            raise StoreError(f"port {port}: {error.strerror}; choose another by --port") from error

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_port}/"

    def text(self) -> str:
        """The page, with the token and the decisions as they stand."""
        review = embedded({"type": "FeatureCollection", "features": read_decisions(self.review)})
        extra = (
            f'<meta name="gnomon-served" content="{html.escape(self.token)}">\n'
            f'<script type="application/json" id="review">{review}</script>\n</head>'
        )
        return self.page.read_text(encoding="utf-8").replace("</head>", extra, 1)

    def keep(self, body: bytes) -> dict[str, Any]:
        """Add decisions to the file.

        Raises
        ------
        ValueError
            They are not decisions.
        StoreError
            The file that is there is at fault, or cannot be written.

        """
        features = checked(json.loads(body))
        with self.lock:
            every = merged(read_decisions(self.review), features)
            write_decisions(every, self.review)
        return {"saved": len(every), "file": FILE}


class _Answers(BaseHTTPRequestHandler):
    server: Desk
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the page, or the decisions."""
        path = self.path.split("?")[0]
        if not self._is_ours():
            return
        try:
            if path in PAGES:
                self._answer(HTTPStatus.OK, self.server.text(), "text/html; charset=utf-8")
            elif path == f"/{FILE}":
                features = read_decisions(self.server.review)
                self._json(HTTPStatus.OK, {"type": "FeatureCollection", "features": features})
            else:
                self._json(HTTPStatus.NOT_FOUND, {"error": "there is only one page here"})
        except (GnomonError, OSError) as error:
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def do_POST(self) -> None:
        """Take decisions."""
        if not self._is_ours():
            return
        length = int(self.headers.get("Content-Length") or 0)
        token = self.headers.get("X-Gnomon-Token", "")
        if self.path != f"/{FILE}" or not secrets.compare_digest(token, self.server.token):
            self._refuse(HTTPStatus.FORBIDDEN, "decisions come from the page that was served")
        elif not 0 < length <= MOST_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        else:
            self._keep(self.rfile.read(length))

    def _keep(self, body: bytes) -> None:
        try:
            self._json(HTTPStatus.OK, self.server.keep(body))
        except ValueError as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": f"not decisions: {error}"})
        except GnomonError as error:
            self._json(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": str(error)})

    def _is_ours(self) -> bool:
        """Whether it was asked for by our own name, and not by a page of another."""
        names = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin = self.headers.get("Origin")
        if self.headers.get("Host") in names and (
            origin is None or origin.removeprefix("http://") in names
        ):
            return True
        self._refuse(HTTPStatus.FORBIDDEN, "ask by 127.0.0.1")
        return False

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        self.close_connection = True  # what it still sends is not read
        self._json(status, {"error": why})

    def _json(self, status: HTTPStatus, value: Any) -> None:
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

    def log_message(self, *words: Any) -> None:
        """Say nothing: the analyst sees the page."""
