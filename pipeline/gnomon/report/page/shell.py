"""The HTML around the data of a page, which keeps text of a run from being executed.

Text of a run is only ever data: ``<`` is escaped in every block, and a content security policy
allows only the script whose digest it names and no request to any other host.
"""

import base64
import hashlib
import json
from pathlib import Path

from gnomon.datamodel.errors import StoreError

PAGE = "report.html"
"""Name of the page in the folder of a run."""
MAX_BYTES = 20_000_000
STATIC = Path(__file__).parents[1] / "static"
"""Where ``make page`` puts the script and style built from ``web/``."""

SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="gnomon {version}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div id="app"><noscript>This page is drawn by the script inside it: please allow scripts.
Nothing is loaded from any other place.</noscript></div>
<script type="application/json" id="page">{page}</script>
<script type="application/json" id="evidence">{evidence}</script>
<script type="text/plain" id="licences">{licences}</script>
<script>{script}</script>
</body>
</html>
"""


def policy(script: str) -> str:
    """Content security policy: this script only, embedded pictures only, nothing loaded.

    Only a page that is served may send anything, and to its own server alone.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


def embedded(value: object) -> str:
    """JSON that is safe within a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def is_current(folder: Path) -> bool:
    """Whether the page of a run exists and is newer than everything it shows."""
    page = folder / PAGE
    if not page.is_file():
        return False
    sources = [*folder.glob("*.parquet"), folder / "run.json", STATIC / "page.js"]
    times = [path.stat().st_mtime for path in sources if path.is_file()]
    return all(time <= page.stat().st_mtime for time in times)


def bundled(name: str) -> str:
    """Text of a file of the bundle.

    Raises
    ------
    StoreError
        The bundle has not been built.

    """
    path = STATIC / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: is missing; build it with `make page`") from error
