"""What a command found, as one JSON document: ``--json``.

Strict JSON: what is not known is null, times are ISO 8601 with a Z, tables are lists of objects
with the names of `gnomon.datamodel.tables`. Every document has ``command``, ``gnomon`` (the
version), ``exit_code`` and ``files`` (what was written). A command that fails writes none.
"""

import importlib.metadata
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    import pandas as pd

    from gnomon.datamodel.decisions import Decision
    from gnomon.workflow.infer import Inference
    from gnomon.workflow.run import Outcome

Document = dict[str, Any]
AsJson = Annotated[bool, Parameter(name="--json", negative="")]
"""Option of a command: one JSON document on standard output, and nothing else there."""


def write(command: str, document: Document, *, files: Iterable[Path], exit_code: int = 0) -> None:
    """Write the document of a command to standard output."""
    head = {
        "command": command,
        "gnomon": importlib.metadata.version("gnomon"),
        "exit_code": exit_code,
        "files": [str(path) for path in files],
    }
    text = json.dumps(head | document, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(text + "\n")


def of_run(outcome: "Outcome") -> Document:
    """What was looked at, and what failed."""
    status = outcome.observations.status.value_counts()
    ports = outcome.by_port().reset_index()
    counted = ["observed", "failed", "skipped", "ships", "at_quay"]
    ports[counted] = ports[counted].astype(int)
    return {
        "simulated": outcome.simulated,
        "observations": {
            "all": len(outcome.observations),
            "new": outcome.new,
            **{name: int(status.get(name, 0)) for name in ("observed", "skipped", "failed")},
        },
        "detections": len(outcome.detections),
        "ports": records(ports),
        "failed": records(outcome.failed[["scene_id", "port", "reason"]]),
    }


def of_followed(found: "Inference") -> Document:
    """Visits, seasons and ledger, and what became of decisions."""
    told = found.tracked.reviewed
    return {
        "visits": len(found.tracked.visits),
        "seasons": records(found.tracked.seasons),
        "ledger": records(found.ledger),
        "review": {"held": len(told.held), "lost": [_decision(one) for one in told.lost]},
    }


def _decision(one: "Decision") -> Document:
    return one.model_dump(mode="json", exclude={"outline"}, exclude_none=True)


def records(frame: "pd.DataFrame") -> list[Document]:
    """Rows of a table without its geometry."""
    text = frame.to_json(orient="records", date_format="iso", date_unit="s", double_precision=12)
    rows: list[Document] = json.loads(text)
    return rows
