"""Holds the pairs of a world, and matches again just those that a new version touches.

Three things are kept in step: the facts of every declaration, the pairs without hypotheses, the
pairs. A change of one declaration compares anew the pairs of its State in its year; those that
come out different, and every pair whose hypotheses can have read one of them, are tried anew. The
result is that of a full run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sextant_declarations.analysis.transfers.comparing import Comparing
from sextant_declarations.analysis.transfers.facts import DocumentFacts
from sextant_declarations.analysis.transfers.hypotheses import hypotheses
from sextant_declarations.analysis.transfers.model import Pair, PairKey

Name = tuple[str | int, ...]
Number = tuple[str, str]
"""State and declaration id."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: pairs that are new or different, and pairs that are no more."""

    pairs: tuple[Pair, ...]
    gone: tuple[PairKey, ...]

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return bool(self.pairs or self.gone)


class _Keys:
    """Finds keys of pairs by what they share with others."""

    def __init__(self) -> None:
        self._by: dict[Name, set[PairKey]] = {}

    def add(self, key: PairKey) -> None:
        for name in _names(key):
            self._by.setdefault(name, set()).add(key)

    def remove(self, key: PairKey) -> None:
        for name in _names(key):
            self._by[name].discard(key)

    def found(self, *name: str | int) -> Sequence[PairKey]:
        """Return the keys in order: no result may depend on the order of arrival."""
        return sorted(self._by.get(name, ()))

    def readers(self, key: PairKey) -> Iterator[PairKey]:
        """Yield every key whose hypotheses may have read this one."""
        for state in {key.exporter, key.importer}:
            for side in ("exporter", "importer"):
                yield from self._by.get((side, key.year, key.chemical, state), ())
        yield from self._by.get(("flow", key.chemical, key.exporter, key.importer), ())
        yield from self._by.get(("partners", key.year, key.exporter, key.importer), ())


def _names(key: PairKey) -> Iterator[Name]:
    yield "exporter", key.year, key.chemical, key.exporter
    yield "importer", key.year, key.chemical, key.importer
    yield "flow", key.chemical, key.exporter, key.importer
    yield "partners", key.year, key.exporter, key.importer
    for state in {key.exporter, key.importer}:
        yield "state", key.year, state


@dataclass
class TransferIndex:
    """All pairs of the declarations that it was given; not safe for several threads at once."""

    comparing: Comparing
    pairs: dict[PairKey, Pair] = field(default_factory=dict)
    _facts: dict[Number, DocumentFacts] = field(default_factory=dict)
    _of_state: dict[tuple[str, int], dict[str, DocumentFacts]] = field(default_factory=dict)
    _plain: dict[PairKey, Pair] = field(default_factory=dict)
    _cited_by: dict[PairKey, set[PairKey]] = field(default_factory=dict)
    _keys: _Keys = field(default_factory=_Keys)

    @classmethod
    def full(cls, comparing: Comparing, facts: Iterable[DocumentFacts]) -> "TransferIndex":
        """Return the index of a whole world, in one run."""
        index = cls(comparing)
        for one in facts:
            index._store(one)
        index._match({key for one in index._facts.values() for key in one.by_key})
        return index

    def put(self, facts: DocumentFacts) -> Changed:
        """Take a new version of a declaration in place of the one before."""
        return self._change((facts.document.state, facts.document.declaration_id), facts)

    def remove(self, state: str, declaration_id: str) -> Changed:
        """Take a declaration out: it was withdrawn, or says nothing of transfers any more."""
        return self._change((state, declaration_id), None)

    def facts(self) -> Mapping[Number, DocumentFacts]:
        """Return what every declaration says."""
        return self._facts

    def _change(self, number: Number, facts: DocumentFacts | None) -> Changed:
        before = self._facts.get(number)
        touched: set[PairKey] = set()
        if before is not None:
            touched |= self._touched(before)
            self._forget(number, before)
        if facts is not None:
            self._store(facts)
            touched |= self._touched(facts)
        return self._match(touched)

    def _touched(self, facts: DocumentFacts) -> set[PairKey]:
        """Return the pairs that a declaration has a row of, or is silent about."""
        return {*facts.by_key, *self._keys.found("state", facts.year, facts.state)}

    def _store(self, facts: DocumentFacts) -> None:
        number = facts.document.state, facts.document.declaration_id
        self._facts[number] = facts
        self._of_state.setdefault((facts.state, facts.year), {})[number[1]] = facts

    def _forget(self, number: Number, facts: DocumentFacts) -> None:
        del self._facts[number]
        del self._of_state[facts.state, facts.year][number[1]]

    def _match(self, touched: Iterable[PairKey]) -> Changed:
        """Compare these keys anew, and try the hypotheses of all that may have read a change."""
        again: set[PairKey] = set()
        gone: list[PairKey] = []
        for key in sorted(touched):
            before, plain = self._plain.get(key), self._compare(key)
            if plain == before:
                continue
            if plain is None:
                again.update(self._keys.readers(key))
                self._drop(key)
                gone.append(key)
                continue
            self._plain[key] = plain
            self._keys.add(key)
            if before is not None and _content(plain) == _content(before):
                again |= {key, *self._cited_by.get(key, ())}
            else:
                again.update(self._keys.readers(key))
        return Changed(tuple(self._try(sorted(again & self._plain.keys()))), tuple(gone))

    def _drop(self, key: PairKey) -> None:
        self._cite(self.pairs[key], None)
        self._keys.remove(key)
        del self._plain[key], self.pairs[key]

    def _cite(self, before: Pair | None, after: Pair | None) -> None:
        """Keep which pairs stand in the hypotheses of which."""
        if before is not None:
            for cited in _cited(before):
                self._cited_by[cited].discard(before.key)
        if after is not None:
            for cited in _cited(after):
                self._cited_by.setdefault(cited, set()).add(after.key)

    def _compare(self, key: PairKey) -> Pair | None:
        exporter = self._declared(key.exporter, key.year)
        importer = self._declared(key.importer, key.year)
        if not any(key in facts.by_key for facts in (*exporter, *importer)):
            return None
        return self.comparing.pair(key, exporter, importer)

    def _declared(self, state: str, year: int) -> list[DocumentFacts]:
        found = self._of_state.get((state, year), {})
        return [found[number] for number in sorted(found)]

    def _try(self, keys: Iterable[PairKey]) -> Iterator[Pair]:
        near = _Near(self._plain, self._keys)
        policy, profiles = self.comparing.policy, self.comparing.profiles
        for key in keys:
            plain = self._plain[key]
            found = hypotheses(plain, near, policy, profiles)
            pair = replace(plain, hypotheses=found) if found else plain
            before = self.pairs.get(key)
            if before != pair:
                self._cite(before, pair)
                self.pairs[key] = pair
                yield pair


def _cited(pair: Pair) -> set[PairKey]:
    return {key for hypothesis in pair.hypotheses for key in hypothesis.related}


def _content(pair: Pair) -> tuple[object, ...]:
    """Return all that hypotheses of other pairs read, but for the versions it was read from."""
    sides = [
        (
            side.kg,
            side.interval,
            side.filed,
            side.basis_note,
            [(row.half_step, row.mixture_note) for row in side.rows],
        )
        for side in (pair.export, pair.import_)
    ]
    return pair.klass, pair.gap, pair.span, pair.schedule, sides


@dataclass(frozen=True, slots=True)
class _Near:
    """What hypotheses may read: pairs without hypotheses, by what they share (`_Keys.readers`)."""

    pairs: Mapping[PairKey, Pair]
    keys: _Keys

    def of_exporter(self, pair: Pair, state: str) -> list[Pair]:
        return self._all("exporter", pair.key.year, pair.key.chemical, state)

    def of_importer(self, pair: Pair, state: str) -> list[Pair]:
        return self._all("importer", pair.key.year, pair.key.chemical, state)

    def of_year(self, pair: Pair, year: int) -> Pair | None:
        return self.pairs.get(replace(pair.key, year=year))

    def of_flow(self, pair: Pair) -> list[Pair]:
        return self._all("flow", pair.key.chemical, pair.key.exporter, pair.key.importer)

    def of_partners(self, pair: Pair) -> list[Pair]:
        key = pair.key
        found = self._all("partners", key.year, key.exporter, key.importer)
        return [one for one in found if one.key != key]

    def _all(self, *name: str | int) -> list[Pair]:
        return [self.pairs[key] for key in self.keys.found(*name) if key in self.pairs]
