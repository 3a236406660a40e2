"""The shell of the page: what stands around the data, and what keeps text from being run.

Text of a run is only ever data: ``<`` never stands in a block as it is, and a content security
policy lets no script run but the one whose digest it names, and no address be asked.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from gnomon.datamodel.errors import StoreError

FILE = "report.html"
MOST_BYTES = 20_000_000
STATIC = Path(__file__).parents[1] / "static"
"""What ``web/`` is built into."""

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
<div id="app"><noscript>This page draws itself with the script inside it: allow scripts to run.
Nothing is fetched from any other place.</noscript></div>
<script type="application/json" id="page">{page}</script>
<script type="application/json" id="evidence">{evidence}</script>
<script type="text/plain" id="licences">{licences}</script>
<script>{script}</script>
</body>
</html>
"""


def policy(script: str) -> str:
    """Content security policy: this script and no other, pictures from within, nothing fetched.

    Only a page that is served may talk, and to its own server alone.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )


def embedded(value: Any) -> str:
    """JSON that can stand within a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def is_current(folder: Path) -> bool:
    """Whether the page of a run is there, and younger than what it shows."""
    page = folder / FILE
    if not page.is_file():
        return False
    rests_on = [*folder.glob("*.parquet"), folder / "run.json", STATIC / "page.js"]
    times = [path.stat().st_mtime for path in rests_on if path.is_file()]
    return all(time <= page.stat().st_mtime for time in times)


def bundled(name: str) -> str:
    """A file of the bundle, as text.

    Raises
    ------
    StoreError
        It has not been built.

    """
    path = STATIC / name
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: is missing; make page builds it") from error
