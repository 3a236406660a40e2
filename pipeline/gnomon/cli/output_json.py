"""What a command found, as one JSON document: ``--json``.

Strict JSON: unknown values are null, times are ISO 8601 with a Z, tables are lists of objects with
the names of `gnomon.datamodel.tables`. Every document has ``command``, ``gnomon`` (the version),
``exit_code`` and ``files`` (those that were written). A command that fails writes none.
"""

import importlib.metadata
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.cli.reasons import results_reasons

if TYPE_CHECKING:
    import pandas as pd

    from gnomon.cli.reasons import ReasonCount
    from gnomon.datamodel.decisions import Decision
    from gnomon.workflow.checking import FileCheck
    from gnomon.workflow.infer import Inference
    from gnomon.workflow.run import Results

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""A value that JSON can hold."""
Document = dict[str, Json]


def write_document(
    command: str, document: Mapping[str, object], *, files: Iterable[Path], exit_code: int = 0
) -> None:
    """Write the document of a command to standard output."""
    head = {
        "command": command,
        "gnomon": importlib.metadata.version("gnomon"),
        "exit_code": exit_code,
        "files": [str(path) for path in files],
    }
    text = json.dumps({**head, **document}, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")


def results_document(results: "Results") -> Document:
    """Observations, detections by port, and what failed."""
    status = results.observations.status.value_counts()
    ports = results.by_port().reset_index()
    counted = ["observed", "failed", "skipped", "ships", "at_quay"]
    ports[counted] = ports[counted].astype(int)
    return {
        "simulated": results.simulated,
        "observations": {
            "all": len(results.observations),
            "new": results.new,
            **{name: int(status.get(name, 0)) for name in ("observed", "skipped", "failed")},
        },
        "detections": len(results.detections),
        "ports": records(ports),
        "damaged": list(results.damaged),
        "catalog_notes": list(results.catalog_notes),
        "failed": records(results.failed[["scene_id", "port", "reason"]]),
        "reasons": {
            name: reasons_document(counts) for name, counts in results_reasons(results).items()
        },
    }


def inference_document(inference: "Inference") -> Document:
    """Visits, seasons and ledger, and which decisions of an analyst were used.

    ``summary`` has the published numbers as the lines that the terminal prints.
    """
    from gnomon.cli.output_ledger import ledger_lines
    from gnomon.cli.output_passes import observer_lines

    reviewed, further = inference.tracked.reviewed, inference.tracked.further_passes
    seasons, ledger = inference.tracked.seasons, inference.ledger
    lines = [*ledger_lines(ledger, seasons), *observer_lines(seasons, further)]
    return {
        "simulated": inference.simulated,
        "summary": [line.strip() for line in lines],
        "notes": list(inference.notes),
        "visits": len(inference.tracked.visits),
        "seasons": records(seasons),
        "further_passes": records(further),
        "ledger": records(ledger),
        "review": {
            "used": len(reviewed.held),
            "unmatched": [_decision(decision) for decision in reviewed.lost],
        },
    }


def reasons_document(reasons: "Iterable[ReasonCount]") -> list[Json]:
    """Why loads or images could not be used, counted, each with what helps."""
    return [
        {
            "count": one.count,
            "reason": one.reason,
            "remedy": one.remedy,
            "examples": list(one.examples),
        }
        for one in reasons
    ]


def _decision(decision: "Decision") -> Document:
    return decision.model_dump(mode="json", exclude={"outline"}, exclude_none=True)


def records(frame: "pd.DataFrame") -> list[Json]:
    """Rows of a table, without its geometry, as objects of JSON."""
    text = frame.to_json(orient="records", date_format="iso", date_unit="s", double_precision=12)
    rows: list[Json] = json.loads(text)
    return rows


def check_document(checks: "Iterable[FileCheck]") -> Document:
    """What was understood of each file, in ``checks``."""
    return {"checks": [_check(check) for check in checks]}


def _check(check: "FileCheck") -> Document:
    """One file; its columns are ours = theirs, and bounds are west, south, east, north."""
    times = {name: getattr(check, name) for name in ("start", "end")}
    return {
        "file": str(check.path),
        "kind": check.kind,
        "rows": check.rows,
        "form": check.form,
        "columns": dict(check.columns),
        "unused": list(check.unused),
        "place": check.place or None,
        "bounds_deg": list(check.bounds_deg) if check.bounds_deg else None,
        **{name: f"{time:%Y-%m-%dT%H:%M:%SZ}" if time else None for name, time in times.items()},
        "ports": dict(check.ports),
        "inside": check.inside,
        "lacking": {use: list(names) for use, names in check.uses.items()},
        "missing": list(check.missing),
        "notes": list(check.notes),
        "faults": list(check.faults),
    }
