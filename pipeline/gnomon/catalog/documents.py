"""STAC documents from a disk or a server that may be slow, busy or broken for a while.

A 429, a 5xx or a broken connection is tried again after growing pauses, or after the pause that the
server asks for (``Retry-After``), until the retries or the total time are used up. Every error
ends as one line that names the catalogue and what to do.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pystac
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from gnomon.datamodel.addresses import keep_secrets_out_of_logs, without_secrets
from gnomon.datamodel.errors import AssetError, CatalogError
from gnomon.datamodel.study import CatalogOptions

RETRIED = (429, 500, 502, 503, 504)
Json = dict[str, Any]


class OutOfTimeError(Exception):
    """The total time limit is used up, or would be by the next pause."""


class _Pauses(Retry):
    """Pauses between tries, none of them past a deadline."""

    deadline = float("inf")

    def new(self, **changes: Any) -> Self:
        other = super().new(**changes)
        other.deadline = self.deadline
        return other

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        asked = self.get_retry_after(response) if response else None
        pause = self.get_backoff_time() if asked is None else asked
        if time.monotonic() + pause > self.deadline:
            raise OutOfTimeError(f"it asks for a pause of {pause:.0f} s, past the total time limit")
        super().sleep(response)


class DocumentReader(StacApiIO):
    """Reads documents, local or over HTTP, with retries and one time limit for all together."""

    def __init__(self, options: CatalogOptions) -> None:
        for library in ("urllib3", "pystac_client"):
            keep_secrets_out_of_logs(library)
        self.options = options
        self.deadline = time.monotonic() + options.total_timeout_s
        pauses = _Pauses(
            total=options.retries,
            backoff_factor=0.5,
            status_forcelist=RETRIED,
            allowed_methods=None,
            raise_on_status=False,
        )
        pauses.deadline = self.deadline
        super().__init__(max_retries=pauses)

    def request(self, *args: Any, **kwargs: Any) -> str:
        """Read a document over HTTP, within what is left of the total time."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTimeError("the total time limit is used up")
        self.timeout = min(self.options.timeout_s, left)
        try:
            return str(super().request(*args, **kwargs))
        except APIError as error:  # which hides what it was raised for
            cause = error.__context__
            raise (cause if isinstance(cause, OutOfTimeError) else error) from None

    def document(self, href: str) -> Json:
        """Read a JSON object."""
        remote = "://" in href
        text = self.request(href) if remote else Path(href).read_text(encoding="utf-8")
        values = json.loads(text)
        if not isinstance(values, dict):
            raise TypeError("it is JSON, but no object")
        return values

    def item(self, href: str) -> Json | AssetError:
        """Read an item; what is wrong with it alone is returned, a dead server is raised."""
        try:
            return self.document(href)
        except (OSError, ValueError, TypeError, APIError) as error:
            status = getattr(error, "status_code", None)
            if isinstance(error, APIError) and (status is None or status in RETRIED):
                raise
            return AssetError(
                href, "item", f"cannot be read ({one_line(error)}); mend the catalogue"
            )


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn any error of reading a catalogue into a `CatalogError` of one line."""
    try:
        yield
    except APIError as error:
        raise CatalogError(f"{url}: {_answer(error)}") from error
    except OutOfTimeError as error:
        why = f"{one_line(error)}; try later, or raise total_timeout_s"
        raise CatalogError(f"{url}: {why}") from error
    except json.JSONDecodeError as error:
        why = f"answers, but not with JSON ({one_line(error)}); name the catalogue's root document"
        raise CatalogError(f"{url}: {why}") from error
    except OSError as error:
        why = f"cannot be read ({error.strerror or one_line(error)}); name an existing catalog.json"
        raise CatalogError(f"{url}: {why}") from error
    except (ValueError, TypeError, KeyError, pystac.STACError) as error:
        why = f"is not a usable STAC catalogue: {one_line(error)}; name another"
        raise CatalogError(f"{url}: {why}") from error


def _answer(error: APIError) -> str:
    """What the refusal of a server means for the user."""
    status = getattr(error, "status_code", None)
    if status is None:
        return (
            f"does not answer ({_why_silent(error)}); check the address and the network, or try "
            "later"
        )
    if status == 429:
        return "has had too many requests (429), even after pauses; try later"
    if status >= 500:
        return f"fails on its own side ({status}), even when asked again; try later"
    return f"refuses ({status}: {one_line(error)}); check the address and the collections"


def _why_silent(error: APIError) -> str:
    """Why there was no answer; the library's own text nests three errors in parentheses."""
    text = str(error)
    for sign, why in (
        ("NameResolution", "its name cannot be resolved: is there a network?"),
        ("refused", "the connection was refused"),
        ("timed out", "it took too long"),
    ):
        if sign in text:
            return why
    return one_line(error)


def one_line(error: BaseException) -> str:
    """Message on one line, of a length that can be read."""
    text = without_secrets(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."
