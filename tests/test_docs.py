"""The documents: links lead somewhere, commands, options and keys named exist, the site builds."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import BaseModel

import gnomon
from commands import called
from gnomon.datamodel.study import Study
from gnomon.datamodel.traffic import read_traffic

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "scripts"))

import reference  # noqa: E402
import rooms  # noqa: E402

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "models").glob("*/card.md")]
)
CURRENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
"""The change log names what is no more."""
GENERATED = {
    "commands.md", "options.md", "tables.md", "api.md", "card.md", "freeboard-card.md",
    "ship-type-card.md", "radar-card.md", "rooms.md", "rooms.svg", "one_scene.md", "one_ship.md",
    "one_season.md", "own_labels.md",
}  # fmt: skip


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def ids(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_readme_is_at_most_150_lines() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        if Path(path).name in GENERATED and page.parent.name == "docs":
            continue  # made when the site is built, which checks them
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} does not exist"
        if anchor:
            assert anchor in headings(file), f"{target}: no such heading"


def headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", text_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in found}


def shell_lines(text: str) -> Iterator[str]:
    """Commands in blocks of shell and in backticks, continued lines joined."""
    for block in re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, flags=re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.split(" #")[0].strip()
    yield from re.findall(r"`((?:gnomon|make) [^`\n]*)`", text)


@pytest.mark.parametrize("page", CURRENT, ids=ids)
def test_every_command_and_option_named_exists(page: Path) -> None:
    known = reference.command_words()
    for line in shell_lines(text_of(page)):
        for call in re.findall(r"(?:^|[\s/(])gnomon ([a-z]+)((?: [^|;&]*)?)", f" {line}"):
            command, rest = call
            assert command in known, f"{line}: no command {command}"
            for option in re.findall(r"(?<!\S)(--[a-z][a-z-]*)", rest):
                assert option in known[command] | {"--help"}, f"{line}: no option {option}"


@pytest.mark.parametrize("page", CURRENT, ids=ids)
def test_every_make_target_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    for line in shell_lines(text_of(page)):
        if found := re.match(r"make ([a-z-]+)", line):
            assert found[1] in targets, f"{line}: no target {found[1]}"


@pytest.mark.parametrize("page", CURRENT, ids=ids)
def test_every_study_in_a_page_is_valid(page: Path) -> None:
    """Blocks of TOML that have a section of a study hold keys that a study has."""
    for block in re.findall(r"```toml\n(.*?)```", text_of(page), flags=re.DOTALL):
        values = tomllib.loads(block)
        for section, keys in values.items():
            model = Study.model_fields.get(section)
            if model is None or not isinstance(keys, dict):
                continue
            options = model.annotation
            assert isinstance(options, type)
            assert issubclass(options, BaseModel)
            for key in keys:
                assert key in options.model_fields, f"[{section}] has no {key}"
                default = {} if section != "catalog" else {"url": "catalog.json"}
            if page.name != "add-a-sensor-type.md":  # whose type is not there before
                options.model_validate(default | keys)


@pytest.mark.parametrize("page", CURRENT, ids=ids)
def test_every_python_name_and_module_named_exists(page: Path) -> None:
    package, text = ROOT / "pipeline", " ".join(text_of(page).split())
    groups = set(re.findall(r"entry point group `(gnomon[\w.]+)`", text))
    for name in set(re.findall(r"`(gnomon(?:\.[A-Za-z_0-9]+)+)", text)) - groups:
        parts = name.split(".")
        if len(parts) == 2 and parts[1] in gnomon.__all__:
            continue
        home = package.joinpath(*parts)
        module = home.with_suffix(".py").is_file() or home.is_dir()
        attribute = home.parent.with_suffix(".py")
        written = attribute.is_file() and re.search(rf"\b{parts[-1]}\b", text_of(attribute))
        assert module or written, f"{name} does not exist"


@pytest.mark.parametrize("page", CURRENT, ids=ids)
def test_every_file_of_the_repository_named_exists(page: Path) -> None:
    for name in re.findall(
        r"`((?:configs|models|notebooks|pipeline|tests|docs)/[^`\s*<>]+)`", text_of(page)
    ):
        if "my-" not in name and "/new" not in name:
            assert (ROOT / name).exists(), f"{name} does not exist"


def test_public_documents_keep_to_the_words_of_the_field() -> None:
    """Dialect of version 0.1 that readers stumbled over."""
    dialect = r"\b(told|tells?|looks?|looked|examined look|taught|nobody|whoever|she|her)\b"
    allowed = {"told": 3, "tells": 2, "tell": 2, "look": 3, "looks": 2, "looked": 2}
    count: dict[str, int] = {}
    for page in CURRENT:
        if page.name in ("validation.md", "card.md", "freeboard-card.md"):
            continue  # written by what measures
        for word in re.findall(dialect, text_of(page), flags=re.IGNORECASE):
            count[word.lower()] = count.get(word.lower(), 0) + 1
    over = {word: n for word, n in count.items() if n > allowed.get(word, 0)}
    assert not over, f"say it with the glossary's words: {over}"


def test_the_glossary_has_every_reason_state_and_status() -> None:
    from gnomon.datamodel import tables

    glossary = text_of(ROOT / "docs" / "glossary.md")
    for word in (*tables.LOAD_REASONS, *tables.LOAD_STATES):
        assert re.search(word, glossary, flags=re.IGNORECASE), f"{word} is not explained"


def test_the_reference_has_every_option_and_column() -> None:
    options = reference.options()
    waiting: list[tuple[str, type[BaseModel]]] = [("", Study)]
    while waiting:
        section, model = waiting.pop()
        for name, field in model.model_fields.items():
            place = f"{section}.{name}".lstrip(".")
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                assert f"## `[{place}]`" in options
                waiting.append((place, field.annotation))
            else:
                assert f"| `{name}` |" in options
    columns = reference.tables()
    for schema, file in reference.WRITTEN.items():
        part = columns.split(f"## {file}")[1].split("\n## ")[0]
        for column in reference.SCHEMAS[schema].to_schema().columns:
            assert f"| `{column}` |" in part


def test_docstrings_under_attributes_are_read_from_the_source() -> None:
    class Example:
        """Its own docstring is not an attribute's."""

        first: int = 1
        """Of the first ``attribute``."""
        second: int = 2

    assert reference.attribute_docstrings(Example) == {"first": "Of the first `attribute`."}


def test_the_rooms_drawn_are_those_of_the_package_and_arrows_point_down() -> None:
    layers = rooms.layers()
    depth = {room: n for n, layer in enumerate(layers) for room in layer}
    folders = {p.parent.name for p in (ROOT / "pipeline" / "gnomon").glob("*/__init__.py")}
    assert set(depth) == folders
    arrows = rooms.arrows()
    assert arrows["cli", "workflow"] > 0
    assert all(depth[start] < depth[end] for start, end in arrows)
    svg = rooms.picture()
    assert svg == rooms.picture()  # the same code draws the same bytes
    assert all(f">{room}<" in svg for room in folders)


class _Addresses(HTMLParser):
    """What a browser would fetch when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        key = {"script": "src", "link": "href", "img": "src", "iframe": "src"}.get(tag)
        values = dict(attrs)
        if key and values.get("rel") not in ("canonical", "prev", "next"):
            self.found.append(values.get(key) or "")


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    command += ["--config-file", str(ROOT / "configs" / "mkdocs.yml"), "--site-dir", str(site)]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(command, capture_output=True, text=True, env=quiet, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = list(site.glob("*.html"))
    assert {"commands.html", "tables.html", "options.html", "api.html"} <= {p.name for p in pages}
    for page in pages:
        parser = _Addresses()
        parser.feed(text_of(page))
        away = [a for a in parser.found if a.startswith(("http:", "https:", "//"))]
        assert not away, f"{page.name} fetches {away}"


def test_the_tables_of_the_page_work_by_copy_and_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = text_of(ROOT / "docs" / "your-own-tables.md")
    files = re.findall(r'^```\w+ title="([\w.]+)"\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in files] == ["ships.csv", "images.csv", "study.toml"]
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert commands is not None
    monkeypatch.chdir(tmp_path)
    lines = [shlex.split(line)[1:] for line in commands[1].splitlines()]
    assert [words[0] for words in lines] == ["check", "track"]
    for words in lines:
        assert called(monkeypatch, *words) == 0
    assert "my-port" in capsys.readouterr().out
    visits = gpd.read_parquet("runs/own/visits.parquet")
    assert [json.loads(ids) for ids in visits.detections] == [["1", "2"], ["3", "4"], ["5"]]
    assert called(monkeypatch, *lines[1], "--study", "study.toml") == 0
    assert pd.read_parquet("runs/own/ledger.parquet").barrels_p50.gt(0).all()


def test_another_fleet_works_by_copy_and_paste(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = text_of(ROOT / "docs" / "another-port.md")
    files = re.findall(r'^```\w+ title="([\w.]+)"\n(.*?)^```', text, re.MULTILINE | re.DOTALL)
    assert [name for name, _ in files] == ["ships.csv", "images.csv", "study.toml", "suezmax.toml"]
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert commands is not None
    monkeypatch.chdir(tmp_path)
    for line in commands[1].splitlines():
        assert called(monkeypatch, *shlex.split(line)[1:]) == 0
    assert "fujairah" in capsys.readouterr().out
    visits = gpd.read_parquet("runs/fujairah/visits.parquet")
    seen = [name for ids in visits.detections for name in json.loads(ids)]
    assert "6" not in seen
    assert {"1", "3", "7"} <= set(seen)
    assert visits.deadweight_t.between(250_000, 370_000).all()
    assert read_traffic("./suezmax.toml").tankers.length_m == 274.0
    usual = (
        Path("study.toml")
        .read_text(encoding="utf-8")
        .replace("large-crude-carriers", "./suezmax.toml")
    )
    for name, study in (("suezmax", usual), ("small", '[ledger]\nloading = ["fujairah"]\n')):
        (tmp_path / "other.toml").write_text(study, encoding="utf-8")
        words = shlex.split(commands[1].splitlines()[1])[1:]
        words[words.index("study.toml")], words[-1] = "other.toml", f"runs/{name}"
        assert called(monkeypatch, *words) == 0
        assert len(gpd.read_parquet(f"runs/{name}/visits.parquet")) == 0
