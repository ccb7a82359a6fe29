"""Opens the file of terms of States, once for all who go by it."""

from sextant_declarations.analysis.membership import StatedTerms, read_terms
from sextant_declarations.settings import DeclarationsSettings
from sextant_shared.errors import Code, PlatformError


def terms_of(settings: DeclarationsSettings) -> StatedTerms:
    """Return the terms that stand before the list of States.

    Raises:
        PlatformError: `E_MALFORMED` for a file that cannot be read or does not fit.
    """
    file = settings.terms_file
    if file is None:
        return StatedTerms()
    try:
        return read_terms(file.read_bytes())
    except OSError as error:
        raise PlatformError(
            Code.MALFORMED,
            f"{file.name} of terms cannot be read: {error.strerror}",
            fix="Correct the setting, or leave it out.",
        ) from error
