"""How a defect is told to the log: where it happened, never what was in hand.

The message of a foreign error may repeat declared content, and so may the variables of its frames.
"""

import traceback
from typing import Any


def told(error: BaseException) -> dict[str, Any]:
    """Return the class of an error and the lines of code it passed through."""
    return {
        "error": type(error).__name__,
        "frames": traceback.format_tb(error.__traceback__),
    }
