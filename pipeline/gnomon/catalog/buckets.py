"""Documents behind ``s3://``, read with the keys and from the server that GDAL reads pixels with.

GDAL's own variables count, so that a user sets them once: ``AWS_ACCESS_KEY_ID`` and
``AWS_SECRET_ACCESS_KEY`` or ``~/.aws``, ``AWS_NO_SIGN_REQUEST``, ``AWS_S3_ENDPOINT``,
``AWS_HTTPS``, ``AWS_VIRTUAL_HOSTING`` and ``AWS_REQUEST_PAYER``. Without a key nothing is asked:
libraries would look for one at an address of the cloud that is not there elsewhere, for seconds
each time.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec
from fsspec.asyn import sync

from gnomon.catalog.vetting import TooLargeError

NO = ("NO", "FALSE", "0", "OFF")
KEYS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
EXTRA = "pip install 'gnomon[s3]'"


def is_anonymous(environment: Mapping[str, str]) -> bool:
    """Whether requests are sent without a key on purpose."""
    return environment.get("AWS_NO_SIGN_REQUEST", "NO").upper() not in NO


def has_key(environment: Mapping[str, str], home: Path) -> bool:
    """Whether there is a key, or none is wanted."""
    kept = "AWS_PROFILE" in environment or (home / ".aws" / "credentials").is_file()
    pair = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    return kept or pair <= environment.keys() or is_anonymous(environment)


def read_object(address: str, *, most: int, timeout_s: float) -> bytes:
    """Bytes of an object.

    Parameters
    ----------
    address
        ``s3://bucket/key``, vetted.
    most
        Bytes that are read.
    timeout_s
        For all of it.

    Raises
    ------
    TooLargeError
        It is larger.
    OSError
        The extra is not installed, there is no key, or it cannot be read.

    """
    if not has_key(os.environ, Path.home()):
        raise OSError(f"there is no key; {KEYS}")
    try:
        files = fsspec.filesystem("s3", **_as_gdal(os.environ), skip_instance_cache=True)
    except ImportError as error:
        raise OSError(f"files behind s3:// need a library; {EXTRA}") from error
    read = files._cat_file  # noqa: SLF001  # the public one has no time limit
    try:
        # One byte more than allowed says that there is more.
        data: bytes = sync(files.loop, read, address, start=0, end=most + 1, timeout=timeout_s)
    except TimeoutError as error:
        raise OSError("it took too long") from error
    except Exception as error:  # botocore's have no parent of their own
        raise OSError(" ".join(str(error).split()) or type(error).__name__) from error
    if len(data) > most:
        raise TooLargeError(f"{address} is larger than [catalog.limits] document_bytes, {most:,}")
    return data


def _as_gdal(environment: Mapping[str, str]) -> dict[str, Any]:
    """What GDAL's variables say, as s3fs takes it."""
    client: dict[str, str] = {}
    if host := environment.get("AWS_S3_ENDPOINT"):
        scheme = "http" if environment.get("AWS_HTTPS", "YES").upper() in NO else "https"
        client["endpoint_url"] = host if "://" in host else f"{scheme}://{host}"
    path = environment.get("AWS_VIRTUAL_HOSTING", "TRUE").upper() in NO
    return {
        "anon": is_anonymous(environment),
        "requester_pays": environment.get("AWS_REQUEST_PAYER", "").lower() == "requester",
        "client_kwargs": client,
        "config_kwargs": {
            "s3": {"addressing_style": "path" if path else "auto"},
            "connect_timeout": 10,
            "read_timeout": 30,
            "retries": {"max_attempts": 3},
        },
    }
