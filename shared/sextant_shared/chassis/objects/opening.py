"""Opens the object store that the settings name."""

from sextant_shared.chassis.objects import ObjectStore
from sextant_shared.chassis.objects.local import LocalObjects
from sextant_shared.chassis.objects.settings import ObjectSettings


def open_objects(settings: ObjectSettings, folder: str) -> ObjectStore:
    """Return the store behind S3, if one is set, else the folder of that name in `data_dir`.

    Raises:
        PlatformError: `E_MALFORMED` when a file of the settings cannot be used.
    """
    if settings.s3_endpoint is None:
        return LocalObjects(settings.data_dir / folder)
    # Only here: a process with a folder loads no client of a network for it.
    from sextant_shared.chassis.objects.s3 import S3Objects  # noqa: PLC0415

    return S3Objects(settings)
