"""Settings of a room that may keep its objects behind S3.

The secret stands in a file and nowhere else, in the format that the tools of every vendor read:

    [default]
    aws_access_key_id = …
    aws_secret_access_key = …

It is read again every few minutes, so a key is changed by changing the file.
"""

import re
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from sextant_shared.chassis.objects import away
from sextant_shared.chassis.settings import ServiceSettings
from sextant_shared.errors import Code, PlatformError

PROFILE = "default"
LEAST_PART = 5 << 20  # S3 takes no smaller part, but for the last
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


class ObjectSettings(ServiceSettings):
    """What an operator may set for objects; without an address they are files in `data_dir`."""

    s3_endpoint: Annotated[
        str | None,
        Field(description="S3 instead of a folder: address of the server, without the bucket"),
    ] = None
    s3_bucket: Annotated[str, Field(description="the bucket; nobody else writes into it")] = ""
    s3_prefix: Annotated[
        str,
        Field(description="what all names begin with", pattern=r"^[A-Za-z0-9_/-]*$"),
    ] = ""
    s3_region: Annotated[str, Field(description="region that signatures name")] = "us-east-1"
    s3_credentials_file: Annotated[
        Path | None,
        Field(description="key id and secret, as a shared credentials file; read again by itself"),
    ] = None
    s3_ca_file: Annotated[
        Path | None, Field(description="certificates (PEM) that the server's may come from too")
    ] = None
    s3_encryption: Annotated[
        Literal["", "AES256", "aws:kms"],
        Field(description="ask the server to encrypt at rest; containers are sealed in any case"),
    ] = ""
    s3_kms_key: Annotated[str, Field(description="the server's key, with aws:kms")] = ""
    s3_connect_s: Annotated[
        float, Field(description="longest wait for a connection: a sender waits meanwhile", gt=0)
    ] = 3.0
    s3_request_s: Annotated[
        float, Field(description="longest request; none moves more than one part", gt=0)
    ] = 20.0
    s3_retries: Annotated[
        int, Field(description="further tries of one request when the server falters", ge=0, le=10)
    ] = 2
    s3_part_bytes: Annotated[
        int,
        Field(
            description="a larger object goes in parts of this size; memory of one put is three",
            ge=LEAST_PART,
            le=1 << 30,
        ),
    ] = 8 << 20
    s3_puts: Annotated[
        int, Field(description="puts at once; the others wait, with their bytes on the disk", ge=1)
    ] = 8

    @model_validator(mode="after")
    def _check_objects(self) -> Self:
        if self.s3_endpoint is not None and (wrong := list(self._wrong(self.s3_endpoint))):
            raise ValueError("; ".join(wrong))
        return self

    def _wrong(self, endpoint: str) -> list[str]:
        """Return all that is wrong with the store, not the first thing alone."""
        url = urlsplit(endpoint)
        is_address = url.scheme in {"http", "https"} and url.hostname
        secure = url.scheme == "https" or self.environment != "production"
        faults = {
            "S3_ENDPOINT has the form https://HOST[:PORT]": not is_address
            or bool(url.path.strip("/") or url.query or url.fragment),
            "S3_ENDPOINT holds a name or a password: they stand in S3_CREDENTIALS_FILE": "@"
            in url.netloc,
            "S3_ENDPOINT: production needs https": not secure,
            "S3_BUCKET is no name of a bucket": not _BUCKET.fullmatch(self.s3_bucket),
            "S3_CREDENTIALS_FILE is missing": self.s3_credentials_file is None,
            "S3_KMS_KEY needs S3_ENCRYPTION=aws:kms": bool(self.s3_kms_key)
            and self.s3_encryption != "aws:kms",
        }
        wrong = [what for what, is_so in faults.items() if is_so]
        for name, check in (
            ("S3_CREDENTIALS_FILE", self.s3_credentials_file and self._credentials),
            ("S3_CA_FILE", self.s3_ca_file and self._certificates),
        ):
            try:
                _ = check() if check else None
            except PlatformError as error:
                wrong.append(f"{name}: {error.detail}")
        return wrong

    def _credentials(self) -> None:
        read_credentials(self.s3_credentials_file or Path())

    def _certificates(self) -> None:
        read_certificates(self.s3_ca_file or Path())


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are at the store."""

    key_id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        """Tell no secret, wherever it is printed."""
        return f"Credentials({self.key_id!r})"


def read_credentials(path: Path) -> Credentials:
    """Return the default profile of a shared credentials file.

    Raises:
        PlatformError: `E_MALFORMED`, which tells nothing of what the file holds.
    """
    parser = ConfigParser(interpolation=None, strict=True)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        section = parser[PROFILE]
        key_id, secret = section["aws_access_key_id"], section["aws_secret_access_key"]
        token = section.get("aws_session_token")
    except OSError as error:
        raise _unusable(path, f"does not open: {error.strerror}") from error
    except (Error, KeyError, UnicodeDecodeError):
        raise _unusable(
            path, f"has no [{PROFILE}] with aws_access_key_id and aws_secret_access_key"
        ) from None
    return Credentials(key_id, secret, token)


def current_credentials(path: Path, title: str) -> Credentials:
    """Return what the file holds now, of a store that is in use.

    Raises:
        PlatformError: `E_UNAVAILABLE`: a caller can do nothing about it but come back.
    """
    try:
        return read_credentials(path)
    except PlatformError as error:
        raise away(title, "cannot be asked: our credentials there cannot be read") from error


def read_certificates(path: Path) -> bytes:
    """Return certificates in PEM.

    Raises:
        PlatformError: `E_MALFORMED`.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, f"does not open: {error.strerror}") from error
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise _unusable(path, "holds no certificate")
    return data


def _unusable(path: Path, why: str) -> PlatformError:
    return PlatformError(Code.MALFORMED, f"the file {path} {why}")
