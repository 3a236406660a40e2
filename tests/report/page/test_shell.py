"""The HTML around the data: text of a run stays data, and the bundle is the one of its sources."""

import base64
import hashlib
import html.parser
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import decision
from gnomon.datamodel.errors import StoreError
from gnomon.report.page import shell
from gnomon.report.page.decisions import write_decisions
from gnomon.report.page.shell import SHELL, embedded, is_current, policy
from reports import NASTY

WEB = Path(shell.__file__).parents[1] / "web"
TEXT = st.one_of(
    st.text(),
    st.sampled_from([NASTY, "</script>", "<!--", "]]>", "&lt;", "\u2028", "<SCRIPT>", "{page}"]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=8,
)


class Elements(html.parser.HTMLParser):
    """Start tags and the text of each script, as a browser's parser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.scripts: list[str] = []
        self.policy = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        if tag == "script":
            self.scripts.append("")
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"] or ""

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data


def filled(value: Any, script: str = "let a = 1 < 2;") -> str:
    return SHELL.format(
        policy=policy(script), version="1", title="t", style="", licences="", script=script,
        page=embedded(value), evidence=embedded({}),
    )  # fmt: skip


@given(JSON)
def test_any_data_comes_back_from_its_script_element(value: Any) -> None:
    read = Elements(filled(value))
    assert json.loads(read.scripts[0]) == value
    assert read.tags == Elements(filled(None)).tags
    assert not set(embedded(value)) & set("<>&\u2028\u2029")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_lacks_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        embedded([value])


@given(st.text(st.characters(codec="utf-8", exclude_characters="<&\r\x00"), min_size=1))
def test_the_policy_names_the_digest_of_the_script_as_a_browser_computes_it(script: str) -> None:
    read = Elements(filled({}, script))
    digest = base64.b64encode(hashlib.sha256(read.scripts[-1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in read.policy
    assert "default-src 'none'" in read.policy
    assert "unsafe-eval" not in read.policy


def test_a_page_older_than_its_tables_is_not_current(tmp_path: Path) -> None:
    assert not is_current(tmp_path)
    (tmp_path / "report.html").write_text("")
    times = (shell.STATIC / "page.js").stat().st_mtime + 10
    os.utime(tmp_path / "report.html", (times, times))
    assert is_current(tmp_path)
    write_decisions([decision("a")], tmp_path / "review.geojson")
    assert is_current(tmp_path)  # decisions are added when the page is served
    (tmp_path / "observations.parquet").write_text("")
    os.utime(tmp_path / "observations.parquet", (times + 10, times + 10))
    assert not is_current(tmp_path)


def test_a_bundle_that_was_not_built_is_one_line() -> None:
    with pytest.raises(StoreError, match=r"none\.js: is missing; build it with `make page`"):
        shell.bundled("none.js")


def test_the_bundle_is_built_from_these_sources() -> None:
    """What `build.mjs` wrote beside the bundle, computed again without node."""
    sources = ["package.json", "package-lock.json", "tsconfig.json", "build.mjs", "../words.json"]
    sources += [f"src/{path.name}" for path in (WEB / "src").iterdir()]
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(f"{name}\n".encode() + (WEB / name).read_bytes())
    built = (shell.STATIC / "sources.sha256").read_text().strip()
    assert built == digest.hexdigest(), "the page's script is not built from its sources: make page"


def test_the_bundle_builds_to_the_same_bytes(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (WEB / "node_modules" / "esbuild").is_dir():
        pytest.skip("node or its packages are absent: make page sets them up")
    subprocess.run([node, "build.mjs", str(tmp_path)], cwd=WEB, check=True)
    for path in sorted(shell.STATIC.iterdir()):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_bundle_names_no_registry_and_all_licences() -> None:
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    licences = (shell.STATIC / "LICENCES.txt").read_text()
    for name in ("@observablehq/plot", "preact", "d3-scale"):
        assert f"\n{name} " in licences
