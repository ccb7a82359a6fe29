"""Rules F1, F2 and F6: how chemicals are named, and whether the names agree with one another."""

import datetime as dt
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from sextant_shared import codelists
from sextant_shared.codelists import ExemptChemical, ScheduledChemical
from sextant_shared.codelists.chemicals import SYNONYM, is_cas
from sextant_shared.codelists.loading import is_valid_on
from sextant_shared.errors import Severity
from sextant_shared.models.declaration.chemical import Chemical, Substance
from sextant_shared.rules.policy import RulePolicy
from sextant_shared.rules.rule import Place
from sextant_shared.rules.subject import Subject

_CONTAINED = 6  # a shorter name, such as TEA, can stand by chance within another one
_SALTS = "salts"
_LANGUAGE = "en"  # of the names in the list


def cas_numbers(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    """F1: numbers with a wrong form or check digit."""
    for pointer, chemical in subject.every(Substance):
        for field, number in (("cas", chemical.cas), ("salt_of", chemical.salt_of)):
            if number is not None and not is_cas(number):
                yield Place(
                    pointer=f"{pointer}/{field}",
                    way="mistyped",
                    args={"name": chemical.name},
                    received=number,
                )


def exempt(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    """F6: chemicals that are exempt, and their salts where these are, too."""
    lines = [one for one in codelists.lists().exempt if _holds(one, subject.day)]
    for pointer, chemical in subject.every(Chemical):
        for line in lines:
            args = {"name": line.name}
            if chemical.cas == line.cas:
                yield Place(
                    pointer=f"{pointer}/cas", way="exempt", args=args, received=chemical.cas
                )
            elif chemical.cas is None and key_of(chemical.name) in _keys(line.name):
                yield Place(
                    pointer=f"{pointer}/name", way="exempt", args=args, received=chemical.name
                )
            elif chemical.salt_of == line.cas and line.covers_salts:
                yield Place(
                    pointer=f"{pointer}/salt_of", way="salt", args=args, received=chemical.salt_of
                )


def identities(subject: Subject, _policy: RulePolicy) -> Iterator[Place]:
    """F2: CAS number, name, schedule and entry that do not agree; at most one place a chemical."""
    names_known = subject.declaration.language == _LANGUAGE
    for pointer, chemical in subject.every(Substance):
        if _is_exempt(chemical):
            continue  # F6 speaks of these
        schedule: str | None = getattr(chemical, "schedule", "")
        listed = codelists.chemicals_by_cas().get(chemical.cas or "")
        if schedule == "":
            places = _agent(pointer, listed)
        elif listed is not None:
            places = _listed(pointer, chemical, listed, subject.day)
            if names_known:
                places = _first(places, _misnamed(pointer, chemical, listed))
        elif schedule is None:
            continue
        else:
            places = _unlisted(pointer, chemical, schedule)
        yield from _first(places)


def _agent(pointer: str, listed: ScheduledChemical | None) -> Iterator[Place]:
    """Yield a chemical that is declared as one of no schedule, such as for riot control (II.7)."""
    if listed is not None:
        args = {"name": listed.name, "schedule": listed.schedule}
        yield Place(pointer=f"{pointer}/cas", way="scheduled", args=args, received=listed.cas)


def key_of(name: str) -> str:
    """Return by what a name is compared: no case, no spaces or marks, Greek letters by name."""
    letters = (
        unicodedata.name(letter).rpartition(" ")[2] if _is_greek(letter) else letter
        for letter in unicodedata.normalize("NFKD", name)
    )
    return "".join(filter(str.isalnum, "".join(letters).casefold())).replace("sulph", "sulf")


def _is_greek(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("GREEK SMALL LETTER ")


def _keys(name: str) -> set[str]:
    """Return what a listed name is known by: the whole, and each part of «trivial: systematic»."""
    return {key_of(part) for part in (name, *name.split(": "))}


@lru_cache
def _names() -> Mapping[str, frozenset[str]]:
    """Return what each listed chemical is known by, by its CAS number."""
    found = {cas: _keys(chemical.name) for cas, chemical in codelists.chemicals_by_cas().items()}
    for fact in codelists.lists().facts:
        if fact.fact == SYNONYM and fact.cas in found:
            found[fact.cas].add(key_of(fact.value))
    return {cas: frozenset(keys) for cas, keys in found.items()}


@lru_cache
def _by_name() -> Mapping[str, ScheduledChemical]:
    known = codelists.chemicals_by_cas()
    return {key: known[cas] for cas, keys in _names().items() for key in keys}


def _called(name: str) -> ScheduledChemical | None:
    """Return the chemical of the list that a name means, whole or by one of its parts."""
    for part in (name, *name.split(": ")):
        if key_of(part) in _by_name():
            return _by_name()[key_of(part)]
    return None


def _listed(
    pointer: str, chemical: Substance, listed: ScheduledChemical, day: dt.date | None
) -> Iterator[Place]:
    """Yield what does not agree with the line of the list that a chemical's CAS number names."""
    schedule, entry = getattr(chemical, "schedule", None), getattr(chemical, "entry", None)
    args = {"name": listed.name, "schedule": listed.schedule, "entry": listed.entry}
    if schedule != listed.schedule:
        yield Place(
            pointer=f"{pointer}/schedule", way="schedule", args=args, received=schedule or ""
        )
    if entry is not None and str(entry) != listed.entry:
        yield Place(pointer=f"{pointer}/entry", way="entry", args=args, received=str(entry))
    if day is not None and not listed.is_valid(day):
        first = str(listed.valid_from or "")
        yield Place(
            pointer=f"{pointer}/schedule",
            way="not-yet",
            args={"name": listed.name, "first": first},
            received=day.isoformat(),
        )


def _misnamed(pointer: str, chemical: Substance, listed: ScheduledChemical) -> Iterator[Place]:
    args = {"name": listed.name, "cas": listed.cas}
    other = _called(chemical.name)
    if other is not None:
        if other.cas != listed.cas:
            yield Place(
                pointer=f"{pointer}/name",
                way="name",
                args={**args, "other": other.cas},
                received=chemical.name,
            )
        return
    own = key_of(chemical.name)
    if not any(len(key) >= _CONTAINED and key in own for key in _names()[listed.cas]):
        yield Place(
            pointer=f"{pointer}/name",
            way="unfamiliar",
            args=args,
            received=chemical.name,
            severity=Severity.INFORMATION,
        )


def _unlisted(pointer: str, chemical: Substance, schedule: str) -> Iterator[Place]:
    """Yield what is missing or wrong of a chemical whose CAS number the list does not have."""
    named = _called(chemical.name)
    entry: int | None = getattr(chemical, "entry", None)
    base = codelists.chemicals_by_cas().get(chemical.salt_of or "")
    lines = [line for line in codelists.chemicals() if line.schedule == schedule]
    families = [line for line in lines if line.is_family]
    if base is not None:
        yield from _salt(pointer, chemical, base)
    elif named is not None:
        way = "no-cas" if chemical.cas is None else "other-cas"
        args = {"name": chemical.name, "cas": named.cas}
        received = chemical.cas or ""
        yield Place(pointer=f"{pointer}/cas", way=way, args=args, received=received)
    elif not families:
        yield Place(
            pointer=pointer,
            way="no-family",
            args={"schedule": schedule},
            received=chemical.cas or chemical.name,
        )
    elif entry is None:
        numbers = ", ".join(dict.fromkeys(line.entry for line in families))
        yield Place(
            pointer=f"{pointer}/entry",
            way="which-family",
            args={"name": chemical.name, "schedule": schedule, "entries": numbers},
        )
    elif str(entry) not in {line.entry for line in families}:
        numbers = ", ".join(dict.fromkeys(line.entry for line in families))
        yield Place(
            pointer=f"{pointer}/entry",
            way="single",
            args={"schedule": schedule, "entries": numbers},
            received=str(entry),
        )
    elif chemical.structure is None and chemical.structure_file is None:
        args = {"name": chemical.name}
        yield Place(pointer=f"{pointer}/structure", way="no-structure", args=args)
    elif chemical.cas is not None:
        yield Place(
            pointer=f"{pointer}/cas",
            way="member",
            args={"name": chemical.name, "schedule": schedule, "entry": str(entry)},
            received=chemical.cas,
            severity=Severity.INFORMATION,
        )


def _salt(pointer: str, chemical: Substance, base: ScheduledChemical) -> Iterator[Place]:
    """Yield why a salt does not stand where its base does."""
    covers = any(
        line.entry == base.entry and line.schedule == base.schedule and _SALTS in line.name
        for line in codelists.chemicals()
    )
    if covers:
        yield from _listed(pointer, chemical, base, None)
    else:
        yield Place(
            pointer=f"{pointer}/salt_of",
            way="salt",
            args={"name": base.name, "schedule": base.schedule, "entry": base.entry},
            received=chemical.salt_of or "",
        )


def _is_exempt(chemical: Substance) -> bool:
    return any(
        line.cas in {chemical.cas, chemical.salt_of}
        or (chemical.cas is None and key_of(chemical.name) in _keys(line.name))
        for line in codelists.lists().exempt
    )


def _holds(line: ExemptChemical, day: dt.date | None) -> bool:
    return day is None or is_valid_on(line, day)


def _first(*places: Iterator[Place]) -> Iterator[Place]:
    """Yield the first of several places: what comes after it can be its mere consequence."""
    for some in places:
        for place in some:
            yield place
            return
