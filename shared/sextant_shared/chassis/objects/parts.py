"""Puts in parts that nobody ended, which obstore does not list: two requests of S3's own.

A process that is killed while it sends leaves its parts in the bucket, unseen by any list of
objects and paid for. Responsible for finding and removing them; a rule of the bucket may do the
same. Requests are signed as AWS Signature Version 4 has it, without a body.
"""

import datetime as dt
import hmac
import ssl
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sextant_shared.chassis.objects import away
from sextant_shared.chassis.objects.settings import (
    Credentials,
    ObjectSettings,
    current_credentials,
)
from sextant_shared.clock import system_clock

TITLE = "the object store"
NOTHING = sha256(b"").hexdigest()
MOST = 1000  # in one answer; what is beyond it is found the next time


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A put in parts that was begun."""

    key: str
    upload: str
    begun: float


@dataclass(frozen=True)
class Parts:
    """Finds and removes what unfinished puts left under the prefix of the settings."""

    settings: ObjectSettings

    async def unfinished(self, before: float, *, remove: bool) -> int:
        """Return how many were begun before that time; remove them.

        Raises:
            PlatformError: `E_UNAVAILABLE`.
        """
        query = {"max-uploads": str(MOST), "prefix": self._prefix, "uploads": ""}
        listed = uploads_in(await self._ask("GET", "", query))
        old = [one for one in listed if one.begun < before and one.key.startswith(self._prefix)]
        for one in old if remove else ():
            await self._ask("DELETE", one.key, {"uploadId": one.upload})
        return len(old)

    @property
    def _prefix(self) -> str:
        prefix = self.settings.s3_prefix.strip("/")
        return f"{prefix}/" if prefix else ""

    async def _ask(self, method: str, key: str, query: dict[str, str]) -> bytes:
        settings, host = self.settings, urlsplit(self.settings.s3_endpoint or "").netloc
        path = quote(f"/{settings.s3_bucket}/{key}".rstrip("/"), safe="/")
        encoded = urlencode(sorted(query.items()), quote_via=quote)
        asked = Asked(method, host, f"{path}?{encoded}", settings.s3_region)
        who = current_credentials(settings.s3_credentials_file or Path(), TITLE)
        headers = signed(asked, who, system_clock())
        url = f"{(settings.s3_endpoint or '').rstrip('/')}{path}?{encoded}"
        timeout = httpx.Timeout(settings.s3_request_s, connect=settings.s3_connect_s)
        verify = ssl.create_default_context()
        if settings.s3_ca_file is not None:
            verify.load_verify_locations(settings.s3_ca_file)
        try:
            async with httpx.AsyncClient(verify=verify, timeout=timeout, trust_env=False) as client:
                answer = await client.request(method, url, headers=headers)
        except httpx.HTTPError as error:
            raise away(TITLE, f"does not answer ({type(error).__name__})") from error
        if not (
            answer.is_success
            or (method == "DELETE" and answer.status_code == httpx.codes.NOT_FOUND)
        ):
            raise away(TITLE, f"answers {answer.status_code} when asked for unfinished puts")
        return answer.content


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to S3; `target` is path and query, `body` the SHA-256 of its body in hex."""

    method: str
    host: str
    target: str
    region: str
    body: str = NOTHING


def signed(asked: Asked, who: Credentials, now: float) -> dict[str, str]:
    """Return the headers of a request with its signature."""
    path, _, query = asked.target.partition("?")
    stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": asked.host, "x-amz-content-sha256": asked.body, "x-amz-date": stamp}
    if who.token:
        headers["x-amz-security-token"] = who.token
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    request = "\n".join([asked.method, path, query, *lines, "", names, asked.body])
    scope = f"{stamp[:8]}/{asked.region}/s3/aws4_request"
    key = f"AWS4{who.secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={who.key_id}/{scope},"
        f" SignedHeaders={names}, Signature={signature}"
    )
    return headers


def uploads_in(answer: bytes) -> list[Unfinished]:
    """Return the puts in parts that an answer lists.

    Raises:
        PlatformError: `E_UNAVAILABLE` when it is no such list.
    """
    try:
        root = fromstring(answer)
        return [
            Unfinished(
                _text(one, "Key"),
                _text(one, "UploadId"),
                dt.datetime.fromisoformat(_text(one, "Initiated")).timestamp(),
            )
            for one in root.findall("{*}Upload")
        ]
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise away(TITLE, "answers something else when asked for unfinished puts") from error


def _text(parent: Element, name: str) -> str:
    found = parent.find(f"{{*}}{name}")
    if found is None or not found.text:
        raise ValueError(name)
    return found.text
