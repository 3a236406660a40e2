"""A real server of the S3 protocol on this machine, named by the variables that GDAL reads."""

from collections.abc import Iterator
from contextlib import contextmanager

import fsspec
import pytest

BUCKET = "eodata"


@contextmanager
def object_server() -> Iterator[str]:
    """Start it, with one bucket; host and port."""
    from moto.server import ThreadedMotoServer  # slow to import

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_S3_ENDPOINT": f"{host}:{port}", "AWS_HTTPS": "NO", "AWS_VIRTUAL_HOSTING": "FALSE",
            "AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "SECRET",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        files().makedirs(BUCKET, exist_ok=True)
        yield f"{host}:{port}"
    server.stop()


def files() -> fsspec.AbstractFileSystem:
    return fsspec.filesystem("s3", skip_instance_cache=True)


def put(name: str, body: bytes) -> None:
    """Put an object that everyone may read."""
    files().pipe_file(f"{BUCKET}/{name}", body, ACL="public-read")
