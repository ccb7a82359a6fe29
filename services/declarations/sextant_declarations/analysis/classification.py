"""How sensitive a declaration is, and what follows for those who handle it.

The State marks the whole and parts of it; what holds is the highest of all marks. The Secretariat
may raise it. It never lowers one by itself: that takes the State's consent, in a signed message.
Defaults of kinds and the size of an aggregation are data (`classification.json`) with their marks.

Not responsible for who is granted what: a profile says what a grant must look like.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration.heading import Classification
from sextant_shared.models.strict import Strict, read_model

MAX_POLICY_BYTES = 1 << 20
MARKINGS: tuple[str, ...] = get_args(Classification)  # from the least to the most sensitive
_MEMBERS = ("confidentiality", "classification")


class Profile(Strict):
    """How content of one marking is handled.

    `grant` is what a person's leave rests on: a role, a duty, a function that names it, or a
    writing for the case; `persons` how many decide about it; `envelope` the class it travels in.
    """

    envelope: Literal["C0", "C1", "C2", "C3"]
    who: str
    grant: Literal["role", "duty", "function", "written"]
    persons: Annotated[int, Field(ge=1, le=3)]
    mark: str


class Default(Strict):
    """What declarations of some kinds are taken to be, where nobody says otherwise."""

    kinds: Annotated[list[str], Field(min_length=1)]
    marking: Classification
    mark: str
    why: str


class Aggregation(Strict):
    """From how many sources on a compilation is so many levels more sensitive than each."""

    sources: Annotated[int, Field(ge=2)]
    levels: Annotated[int, Field(ge=1, le=3)]
    mark: str
    why: str


class Handling(Strict):
    """The whole policy."""

    markings: Mapping[str, Profile]
    defaults: Annotated[list[Default], Field(min_length=1)]
    aggregation: Aggregation

    def profile(self, marking: str) -> Profile:
        """Return how content of this marking is handled."""
        return self.markings[marking]

    def default(self, kind: str) -> Default:
        """Return what a kind is taken to be: the first line that names it."""
        for line in self.defaults:
            if any(fnmatchcase(kind, pattern) for pattern in line.kinds):
                return line
        return self.defaults[-1]

    def of_envelope(self, class_: str) -> str:
        """Return the marking that a class of envelopes stands for."""
        return next(name for name, one in self.markings.items() if one.envelope == class_)


@lru_cache(maxsize=1)
def handling() -> Handling:
    """Return the policy of this release.

    Raises:
        PlatformError: `E_MALFORMED` for a file that does not fit; a service does not start then.
    """
    return read_handling((files(__package__) / "classification.json").read_bytes())


def read_handling(data: bytes) -> Handling:
    """Return the policy in `data`.

    Raises:
        PlatformError: `E_MALFORMED`, also when a marking is missing or unknown, or two stand for
            one class of envelopes.
    """
    read = read_model(Handling, parse_json(data, max_bytes=MAX_POLICY_BYTES))
    classes = {profile.envelope for profile in read.markings.values()}
    if set(read.markings) != set(MARKINGS) or len(classes) != len(MARKINGS):
        raise PlatformError(
            Code.MALFORMED,
            "each marking has one profile, and a class of envelopes of its own",
            expected=", ".join(MARKINGS),
            received=", ".join(sorted(read.markings)),
        )
    return read


def highest(markings: Iterable[str]) -> str:
    """Return the most sensitive of markings; of none, that nothing is sensitive."""
    return max(markings, key=MARKINGS.index, default=MARKINGS[0])


def portions(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the marks that a State gave, by the pointer of the part that each is about.

    The empty pointer is the whole. A mark stands in a member of the part that it is about.
    """
    return dict(_portions(document, ""))


def marking_of(document: Mapping[str, Any]) -> str:
    """Return the highest mark that a State gave: to the whole, a part, or what it amends."""
    changes = document.get("changes")  # of an amendment a list; elsewhere a text about changes
    amended = (
        change["new"]
        for change in (changes if isinstance(changes, list) else ())
        if isinstance(change, dict)
        and str(change.get("pointer", "")).rpartition("/")[2] in _MEMBERS
        and isinstance(change.get("new"), str)
        and change["new"] in MARKINGS
    )
    return highest([*portions(document).values(), *amended])


def aggregated(markings: Iterable[str]) -> str:
    """Return how sensitive a compilation of parts is: at least as the highest of them.

    Of many parts it is higher, unless all of them are unclassified.
    """
    listed = list(markings)
    top = MARKINGS.index(highest(listed))
    rule = handling().aggregation
    raised = top + rule.levels if top and len(listed) >= rule.sources else top
    return MARKINGS[min(raised, len(MARKINGS) - 1)]


def remarked(current: str, wanted: str, *, consented: bool) -> str:
    """Return the marking after an officer's step; only with the State's consent a lower one.

    Raises:
        PlatformError: `E_MALFORMED` for an unknown marking, `E_STATE` when it has it already,
            `E_POLICY` for a lower one without the State's consent, or a higher one as a lowering.
    """
    if wanted not in MARKINGS:
        raise PlatformError(
            Code.MALFORMED,
            "there is no such marking",
            expected=", ".join(MARKINGS),
            received=wanted[:64],
        )
    if wanted == current:
        raise PlatformError(Code.STATE, f"it is marked {current} already", received=wanted)
    lowers = MARKINGS.index(wanted) < MARKINGS.index(current)
    if lowers and not consented:
        raise PlatformError(
            Code.POLICY,
            "the Secretariat does not lower a marking by itself",
            expected=f"a marking above {current}",
            received=wanted,
            fix="Take the step lower-marking, with the message in which the State agrees.",
        )
    if consented and not lowers:
        raise PlatformError(
            Code.POLICY,
            "this would not lower the marking",
            expected=f"a marking below {current}",
            received=wanted,
            fix="Take the step raise-marking; it needs nobody's consent.",
        )
    return wanted


def _portions(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in _MEMBERS and isinstance(inner, str) and inner in MARKINGS:
                yield pointer, inner
            else:
                token = str(name).replace("~", "~0").replace("/", "~1")
                yield from _portions(inner, f"{pointer}/{token}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _portions(inner, f"{pointer}/{position}")
