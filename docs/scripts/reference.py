"""Reference pages from the code: commands, options of a study, columns of tables, Python names."""

import ast
import inspect
import itertools
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pandera.pandas as pa
from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import gnomon
from gnomon.cli import app
from gnomon.datamodel import ledger_tables, study
from gnomon.datamodel import tables as schemas

ROOT = Path(__file__).parents[2]
SCHEMAS = vars(schemas) | vars(ledger_tables)
WRITTEN = {
    "Detections": "detections.parquet",
    "Observations": "observations.parquet",
    "Visits": "visits.parquet",
    "Seasons": "seasons.parquet",
    "Voyages": "voyages.parquet",
    "Ledger": "ledger.parquet",
    "Cumulative": "cumulative.parquet",
    "FurtherPasses": "further_passes.parquet",
    "DecisionEffects": "decisions.parquet",
    "Labels": "labels.geojson",
}


def commands() -> str:
    """Every command with its options, as ``--help`` has them."""
    text: str = app.generate_docs(output_format="markdown")
    text = text[text.index("\n**") + 1 :]  # from the list of commands, group by group
    return f"# Command line\n\n{_CODES}\n\n{text}"


_CODES = (
    "Exit codes: 0 done; 1 could not be done, one line on standard error says why; 2 not "
    "understood; 3 done in part; 130 interrupted. "
    "See [errors](quickstart.md#errors-and-exit-codes)."
)


def options() -> str:
    """Every key of a study, section by section."""
    lines = [
        "# Study options",
        "",
        "A study is a TOML file. Unknown keys are refused, and every fault is listed at once.",
        "Paths are relative to the file. `run.json` in a run folder has the study with all its",
        "defaults.",
        "",
        *_options(study.Study, ""),
    ]
    return "\n".join(lines) + "\n"


def _options(model: type[BaseModel], section: str) -> Iterator[str]:
    said = attribute_docstrings(model)
    if section:
        yield from ["", f"## `[{section}]`", "", inspect.getdoc(model) or "", ""]
    plain = {n: f for n, f in model.model_fields.items() if not _is_section(f)}
    yield from ["| key | type | default | |", "|---|---|---|---|"]
    for name, field in plain.items():
        cells = (
            f"`{name}`",
            _type(field.annotation),
            _default(field),
            _cell(_range(field), said.get(name, "")),
        )
        yield f"| {' | '.join(cells)} |"
    for name, field in model.model_fields.items():
        if name not in plain:
            within = f"{section}.{name}" if section else name
            yield from _options(typing.cast("type[BaseModel]", field.annotation), within)


def _is_section(field: FieldInfo) -> bool:
    return inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel)


def _type(annotation: object) -> str:
    parts = typing.get_args(annotation)
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return _type(next(part for part in parts if part is not type(None)))
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return f"list of {_type(parts[0])}s"
    if origin is dict:
        return "table"
    if origin is typing.Annotated:
        return _type(parts[0])
    names = {"str": "text", "float": "number", "int": "whole number", "bool": "true or false"}
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name.lower())


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{list(value) if isinstance(value, tuple) else value!r}`".replace("'", '"')


def _range(field: FieldInfo) -> str:
    signs = {
        Ge: ("ge", "at least"),
        Gt: ("gt", "above"),
        Le: ("le", "at most"),
        Lt: ("lt", "below"),
    }
    return ", ".join(
        f"{word} {getattr(rule, attribute)}"
        for rule in field.metadata
        for kind, (attribute, word) in signs.items()
        if isinstance(rule, kind) and not isinstance(rule, MinLen)
    )


def _cell(rule: str, text: str) -> str:
    joined = " ".join(part for part in (text, f"({rule})" if rule else "") if part)
    return " ".join(joined.split()).replace("|", r"\|")


def tables() -> str:
    """Every column of every table that is written."""
    lines = ["# Tables", "", inspect.cleandoc(schemas.__doc__ or ""), ""]
    for name, file in WRITTEN.items():
        model: type[pa.DataFrameModel] = SCHEMAS[name]
        said = attribute_docstrings(model)
        lines += [f"## {file}", "", _prose(inspect.getdoc(model) or ""), ""]
        lines += ["| column | type | |", "|---|---|---|"]
        for column, schema in model.to_schema().columns.items():
            empty = "may be null" if schema.nullable else ""
            lines.append(
                f"| `{column}` | {_dtype(schema)} | {_cell(empty, said.get(column, ''))} |"
            )
        lines.append("")
    return "\n".join(lines)


def _prose(text: str) -> str:
    return text.replace("``", "`")


def _dtype(schema: pa.Column) -> str:
    name = str(schema.dtype)
    for pattern, word in (
        ("datetime", "time, UTC"), ("geometry", "geometry"), ("str", "text"), ("object", "text"),
        ("float", "number"), ("int", "whole number"), ("bool", "true or false"),
    ):  # fmt: skip
        if pattern in name.lower():
            return word
    return name


def attribute_docstrings(model: type) -> dict[str, str]:
    """Docstrings under the attributes of a class; Python itself does not keep them."""
    (node,) = ast.parse(inspect.cleandoc("\n" + inspect.getsource(model))).body
    said: dict[str, str] = {}
    body = typing.cast("ast.ClassDef", node).body
    for first, second in itertools.pairwise(body):
        if (
            isinstance(first, ast.AnnAssign)
            and isinstance(first.target, ast.Name)
            and isinstance(second, ast.Expr)
            and isinstance(second.value, ast.Constant)
        ):
            said[first.target.id] = _prose(inspect.cleandoc(str(second.value.value)))
    return said


def api() -> str:
    """Every public name of ``import gnomon``, documented by its docstring."""
    lines = [
        "# Python",
        "",
        "These names are public: `import gnomon`, then `gnomon.read_study(...)`. They load when",
        "they are first used, so that `import gnomon` takes no time.",
        "",
    ]
    for name in sorted(gnomon.__all__, key=str.lower):
        value = getattr(gnomon, name)
        lines += [f"::: {value.__module__}.{value.__qualname__}", "    options:"]
        lines += [f"      heading: gnomon.{name}", f"      toc_label: {name}", ""]
    return "\n".join(lines)


def six_lines() -> str:
    """The Python of the README, with its fence."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^```python\n.*?^```", readme, flags=re.MULTILINE | re.DOTALL)
    if not found:
        raise ValueError("README.md has no Python")
    return found.group()


def command_words() -> dict[str, set[str]]:
    """Options of every command, for the test that reads the pages."""
    found = {}
    for block in re.split(r"^## ", commands(), flags=re.MULTILINE)[1:]:
        name = block.split("\n", 1)[0].removeprefix("gnomon ").strip()
        found[name] = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", block))
    return found
