"""Paths in a study file: from the study's folder, or one that an environment variable names."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

_VARIABLE = re.compile(r"\$\{(GNOMON_\w+)\}")
"""No other: a study from outside would show what is hidden there in a path that is missing."""


def missing_variable(path: str) -> str | None:
    """Environment variable that a path begins with and that is not set."""
    found = _VARIABLE.match(path)
    return found[1] if found else None


def _anchor(value: Any, info: ValidationInfo) -> Any:
    """Make a relative path absolute, from the folder of the study; addresses stay as they are."""
    folder = (info.context or {}).get("folder")
    if folder is None or not isinstance(value, str) or not value or "://" in value:
        return value
    return str((folder / value).resolve())


def _anchor_model(value: Any, info: ValidationInfo) -> Any:
    """Likewise, but a bare name is one of those that come with gnomon."""
    return _anchor(value, info) if isinstance(value, str) and "/" in value else value


def _anchor_catalog(value: Any, info: ValidationInfo) -> Any:
    """Likewise; where the variable at its beginning is not set, the path stays as it is.

    So a study can be read, and be given another catalogue, without it.
    """
    if not isinstance(value, str) or not (found := _VARIABLE.match(value)):
        return _anchor(value, info)
    folder = os.environ.get(found[1])
    return str(Path(folder).resolve()) + value[found.end() :] if folder else value


FilePath = Annotated[Path, BeforeValidator(_anchor)]
"""A path in a study file."""
ModelPath = Annotated[str, BeforeValidator(_anchor_model)]
"""The name of what comes with gnomon, or a path with a slash."""
CatalogPath = Annotated[str, BeforeValidator(_anchor_catalog)]
"""An address, or a path that may begin with an environment variable."""
