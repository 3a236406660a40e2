"""STAC documents from a disk or a server, within the limits of the study.

Every error ends as one line that names the catalogue and what to do. What comes over HTTP is read
by `gnomon.catalog.http`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pystac
from pydantic_core import from_json
from pystac.link import Link
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from gnomon.catalog.http import (
    RETRIED,
    HttpReader,
    OutOfTimeError,
    RefusedError,
    Request,
    SilentServerError,
)
from gnomon.catalog.vetting import (
    AddressError,
    TooLargeError,
    is_remote,
    read_file,
    trust_of,
    vetted,
)
from gnomon.datamodel.addresses import keep_secrets_out_of_logs, without_secrets
from gnomon.datamodel.errors import AssetError, CatalogError
from gnomon.datamodel.limits import Limits
from gnomon.datamodel.study import CatalogOptions

Json = dict[str, Any]
METHODS = ("GET", "POST")
_ESCAPED = re.compile(r"\\.", re.DOTALL)
_SIGNS = bytes.maketrans(b"{[}]", bytes((1, 1, 255, 255)))
"""What a bracket adds to the depth, as a byte with a sign."""
_OTHERS = bytes({*range(256)} - {*b'{}[]"'})
STUMBLES = (ValueError, TypeError, LookupError, AttributeError)
"""What pystac and its client raise where a document is not of the shape that they expect."""


class DocumentReader(StacApiIO):
    """Reads documents, local or over HTTP, with retries and one time limit for all together."""

    def __init__(self, options: CatalogOptions) -> None:
        keep_secrets_out_of_logs("pystac_client")
        self.trust = trust_of(options)
        self.http = HttpReader(
            self.trust,
            timeout_s=options.timeout_s,
            total_timeout_s=options.total_timeout_s,
            retries=options.retries,
        )
        super().__init__(max_retries=None)

    def read_text(self, source: Any, *args: Any, **kwargs: Any) -> str:
        """Read a document, or follow a link as pystac-client does."""
        if isinstance(source, Link):
            return str(super().read_text(source, *args, **kwargs))
        return self.request(str(source), *args, **kwargs)

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> str:
        """Read a document, within what is left of the total time."""
        if not is_remote(href):
            place = vetted(href, self.trust)
            return read_file(place, most=self.trust.limits.document_bytes).decode("utf-8")
        chosen = (method or "GET").upper()
        if chosen not in METHODS:
            raise AddressError(f"{without_secrets(href)} asks for {chosen}, which is not sent")
        sent = {"body": parameters} if chosen == "POST" else {"parameters": parameters}
        request = Request(address=href, method=chosen, headers=headers, **sent)
        return self.http.read(request).decode("utf-8")

    def json_loads(self, txt: str, *_: Any, **__: Any) -> Json:
        """Parse a document as pystac asks for it."""
        return parsed_object(txt, self.trust.limits)

    def get_pages(
        self, url: str, method: str | None = None, parameters: Json | None = None
    ) -> Iterator[Json]:
        """Read a search page by page, as many as the study allows."""
        most = self.trust.limits.pages
        for count, page in enumerate(super().get_pages(url, method, parameters), start=1):
            if count > most:
                raise TooLargeError(f"has more pages than [catalog.limits] pages, {most:,}")
            yield page

    def document(self, href: str) -> Json:
        """Read a JSON object."""
        return parsed_object(self.request(href), self.trust.limits)

    def item(self, href: str) -> Json | AssetError:
        """Read an item; what is wrong with it alone is returned, a dead server is raised."""
        try:
            return self.document(href)
        except (OSError, ValueError, TypeError) as error:
            dead = isinstance(error, RefusedError) and error.status in RETRIED
            if dead or isinstance(error, SilentServerError):
                raise
            why = f"cannot be read ({one_line(error)}); mend the catalogue"
            if isinstance(error, AddressError):
                why = f"is not opened: {one_line(error)}"
            return AssetError(href, "item", why)


def parsed_object(text: str, limits: Limits) -> Json:
    """Parse a JSON object.

    Raises
    ------
    TypeError
        It is JSON, but no object.
    ValueError
        It is no JSON, or nested more deeply than allowed.

    """
    if _depth(text) > limits.json_depth:
        name = f"json_depth, {limits.json_depth}"
        raise TooLargeError(f"is nested more deeply than [catalog.limits] {name}")
    try:
        values = from_json(text)
    except (
        ValueError,
        UnicodeError,
    ):  # halves of letters, or a fault that json.loads has words for
        try:
            values = json.loads(text)
        except RecursionError:
            raise ValueError("it is no JSON") from None
    if not isinstance(values, dict):
        raise TypeError("it is JSON, but no object")
    return values


def _depth(text: str) -> int:
    """Objects and lists within each other in a text, as far as it is JSON.

    What is not a bracket or a quote is taken out, and then what stands between quotes.
    """
    if "\\" in text:
        text = _ESCAPED.sub("", text)
    signs = text.encode("utf-8", "replace").translate(_SIGNS, _OTHERS)
    steps = np.frombuffer(b"".join(signs.split(b'"')[::2]), np.int8)
    return int(steps.cumsum(dtype=np.int64).max(initial=0))


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn any error of reading a catalogue into a `CatalogError` of one line."""
    try:
        yield
    except RefusedError as error:
        raise CatalogError(f"{url}: {_refusal(error)}") from error
    except SilentServerError as error:
        why = f"does not answer ({one_line(error)}); check the address and the network"
        raise CatalogError(f"{url}: {why}, or try later") from error
    except OutOfTimeError as error:
        why = f"{one_line(error)}; try later, or raise total_timeout_s"
        raise CatalogError(f"{url}: {why}") from error
    except AddressError as error:
        raise CatalogError(f"{url}: {one_line(error)}") from error
    except TooLargeError as error:
        raise CatalogError(f"{url}: {one_line(error)}; raise it, or narrow the search") from error
    except json.JSONDecodeError as error:
        why = f"answers, but not with JSON ({one_line(error)}); name the catalogue's root document"
        raise CatalogError(f"{url}: {why}") from error
    except OSError as error:
        why = f"cannot be read ({error.strerror or one_line(error)}); name an existing catalog.json"
        raise CatalogError(f"{url}: {why}") from error
    except (*STUMBLES, pystac.STACError, APIError) as error:
        why = f"is not a usable STAC catalogue: {one_line(error)}; name another"
        raise CatalogError(f"{url}: {why}") from error


def _refusal(error: RefusedError) -> str:
    """What the refusal of a server means for the user."""
    if error.status == 429:
        return "has had too many requests (429), even after pauses; try later"
    if error.status >= 500:
        return f"fails on its own side ({error.status}), even when asked again; try later"
    return f"refuses ({error.status}: {error.address}); check the address and the collections"


def one_line(error: BaseException) -> str:
    """Message on one line, of a length that can be read."""
    text = without_secrets(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:197]}..."
