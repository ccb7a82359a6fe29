"""Settings of an object store: all that is wrong is told at once, and no secret is."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sextant_shared.chassis.objects.local import LocalObjects
from sextant_shared.chassis.objects.opening import open_objects
from sextant_shared.chassis.objects.settings import ObjectSettings, read_credentials
from sextant_shared.errors import Code, PlatformError

SECRET = "a secret that nobody prints"


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    path.write_text(f"[default]\naws_access_key_id = us\naws_secret_access_key = {SECRET}\n")
    return path


def settings(folder: Path, **given: Any) -> ObjectSettings:
    base = {"data_dir": folder, "port": 1, "base_url": "http://exchange.example"}
    return ObjectSettings(**{**base, **given})


def behind(credentials: Path, **given: Any) -> ObjectSettings:
    usual = {
        "s3_endpoint": "https://objects.example",
        "s3_bucket": "envelopes",
        "s3_credentials_file": credentials,
    }
    return settings(credentials.parent, **{**usual, **given})


def test_without_an_address_objects_are_files_and_nothing_else_is_needed(tmp_path: Path) -> None:
    store = open_objects(settings(tmp_path), "blobs")
    assert isinstance(store, LocalObjects)
    assert (tmp_path / "blobs").is_dir()


def test_a_bucket_is_set_up_by_three_settings(credentials: Path) -> None:
    assert behind(credentials, environment="production").s3_bucket == "envelopes"


def test_all_that_is_wrong_is_told_at_once(credentials: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        behind(
            credentials,
            environment="production",
            s3_endpoint="http://us:secret@objects.example/envelopes",
            s3_bucket="No Bucket",
            s3_credentials_file=None,
            s3_ca_file=credentials,
            s3_kms_key="a key",
        )
    told = str(refused.value)
    for what in (
        "S3_ENDPOINT has the form",
        "S3_ENDPOINT holds a name or a password",
        "production needs https",
        "S3_BUCKET",
        "S3_CREDENTIALS_FILE is missing",
        "S3_CA_FILE",
        "S3_KMS_KEY",
    ):
        assert what in told


@pytest.mark.parametrize(
    "endpoint", ["objects.example", "https://", "s3://envelopes", "https://a.example/?x=1"]
)
def test_an_address_that_is_none_is_refused(credentials: Path, endpoint: str) -> None:
    with pytest.raises(ValidationError, match="S3_ENDPOINT has the form"):
        behind(credentials, s3_endpoint=endpoint)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[default]\naws_access_key_id = us\n",
        f"[other]\naws_access_key_id = us\naws_secret_access_key = {SECRET}\n",
        f"aws_secret_access_key = {SECRET}\n",
        f"[default]\n{SECRET}\n",
        f"[default]\naws_secret_access_key = {SECRET}\naws_secret_access_key = {SECRET}\n",
    ],
)
def test_a_file_that_holds_no_key_is_told_without_what_it_holds(
    credentials: Path, text: str
) -> None:
    credentials.write_text(text)
    with pytest.raises(ValidationError, match="S3_CREDENTIALS_FILE") as refused:
        behind(credentials)
    assert SECRET not in str(refused.value)
    with pytest.raises(PlatformError) as error:
        read_credentials(credentials)
    assert error.value.code is Code.MALFORMED
    assert error.value.__cause__ is None or SECRET not in str(error.value.__cause__)


def test_a_file_that_is_missing_is_told_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"nowhere does not open: No such file"):
        behind(tmp_path / "nowhere")


def test_credentials_are_not_printed(credentials: Path) -> None:
    assert SECRET not in repr(read_credentials(credentials))


def test_a_session_token_is_read_too(credentials: Path) -> None:
    credentials.write_text(credentials.read_text() + "aws_session_token = for an hour\n")
    assert read_credentials(credentials).token == "for an hour"
