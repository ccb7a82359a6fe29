"""`sextant keys due·destroy·rehearse·watch·repudiate·affirm`: living with keys for years."""

import time
from pathlib import Path
from typing import Annotated

import typer

from sextant_client import errors as exits
from sextant_client.carrying.saying import sign
from sextant_client.cli.context import DEFAULT_HOME, HomePath, JsonFlag, Run, start
from sextant_client.cli.reaching import ProofPath, Reach
from sextant_client.client import Client
from sextant_client.home import KeyPolicy
from sextant_client.identity import upkeep
from sextant_client.identity.rehearsal import Rehearsal
from sextant_client.identity.saying import say
from sextant_client.identity.watching import Sighting
from sextant_shared.clock import system_clock
from sextant_shared.models.party import KeyUse
from sextant_shared.models.statements import Says

DAY_S = upkeep.DAY_S
EnvelopeIds = Annotated[list[str], typer.Argument(help="Envelope ids.")]
Why = Annotated[str, typer.Option(help="Why; those who may see the envelope read it.")]


def due(
    all_: Annotated[bool, typer.Option("--all", help="Also what is still far off.")] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Say what is due: the next keys, retirement, destruction; status 5 when something is."""
    run = start(home, as_json=as_json)
    policy, now = _policy(run.home.config().key_policy), system_clock()
    with Client(run.home) as client:
        client.own.newest()
        party = client.parties.newest(client.config.party)
    held = {key.kid for use in KeyUse for key in run.home.keys.of_use(use)}
    found = upkeep.find_due(party, held, policy, upkeep.last_used(run.home))
    near = [one for one in found if all_ or one.at <= now + policy.warn * DAY_S]
    members = [
        {"act": one.act, "use": str(one.key.use), "kid": one.key.kid, "due": one.is_due(now)}
        for one in near
    ]
    run.output.result({"due": members}, [one.words(now) for one in near] or ["Nothing is due."])
    return exits.WARNINGS if any(one.is_due(now) for one in near) else exits.OK


def destroy(
    due_: Annotated[
        bool, typer.Option("--due", help="Destroy the sealing keys whose day has come.")
    ] = False,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Overwrite and remove old private halves, never one that an undelivered envelope needs."""
    run = start(home, as_json=as_json)
    if not due_:
        raise typer.BadParameter("say --due: nothing else is destroyed")
    policy, now = _policy(run.home.config().key_policy), system_clock()
    with Client(run.home) as client:
        party = client.parties.newest(client.config.party)
        held = {key.kid for key in run.home.keys.of_use(KeyUse.SEAL)}
        found = [
            one.key
            for one in upkeep.find_due(party, held, policy, upkeep.last_used(run.home))
            if one.act == "destroy" and one.is_due(now)
        ]
        needed = upkeep.undelivered_to(client, {key.kid for key in found}) if found else set()
        done = [
            (key.kid, upkeep.destroy(run.home, key, client, now))
            for key in found
            if key.kid not in needed
        ]
    lines = [f"Destroyed {kid}; record: {record}" for kid, record in done]
    lines += [f"Kept {kid}: an undelivered envelope is sealed to it." for kid in sorted(needed)]
    run.output.result(
        {"destroyed": [kid for kid, _ in done], "kept": sorted(needed)},
        lines or ["Nothing is due to be destroyed."],
    )
    return exits.WARNINGS if needed else exits.OK


def rehearse(
    path: Annotated[
        Path | None, typer.Argument(help="Request file; default: the one in the home.")
    ] = None,
    proof: ProofPath = None,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Try the next keys before they count; each line says ok or what to do."""
    run = start(home, as_json=as_json)
    reach = Reach(run, proof=proof)
    current = reach.current(run.home.config().party)
    registrars = reach.pinned().registrars
    lines = Rehearsal(run.home.keys, current, registrars, system_clock, path).lines()
    run.output.result(
        {"lines": [{"name": line.name, "ok": line.ok, "found": line.found} for line in lines]},
        [f"{'ok  ' if line.ok else 'OPEN'} {line.name:<14} {line.found}" for line in lines],
    )
    return exits.OK if all(line.ok for line in lines) else exits.WARNINGS


def watch(
    every: Annotated[
        float, typer.Option(help="Look again after so many seconds; 0: once.", min=0)
    ] = 0,
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> int:
    """Look at our own entry in the registry, and for an announced recovery; status 4: an alert."""
    run = start(home, as_json=as_json)
    with Client(run.home) as client:
        client.own.tell = lambda _: None
        while True:
            sighting = client.own.newest()
            waiting = client.own.recovery()
            if every and not (sighting.is_alert or waiting):
                time.sleep(every)
                continue
            break
    lines = [f"ALERT  {sighting.words}"] if sighting.is_alert else [_calm(sighting, client)]
    lines += [f"ALERT  {waiting}"] if waiting else []
    document = {"seen": str(sighting.seen), "ver": sighting.ver, "recovery": waiting}
    run.output.result(document, lines)
    return exits.UNTRUSTED if sighting.is_alert or waiting else exits.OK


def repudiate(
    ids: EnvelopeIds,
    reason: Why = "",
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Say, signed and logged, that envelopes under our keys are not ours."""
    _say(ids, Says.REPUDIATED, reason, start(home, as_json=as_json))


def affirm(
    ids: EnvelopeIds,
    reason: Why = "",
    home: HomePath = DEFAULT_HOME,
    as_json: JsonFlag = False,
) -> None:
    """Say, signed and logged, that envelopes under a suspect key are ours all the same."""
    _say(ids, Says.AFFIRMED, reason, start(home, as_json=as_json))


def _policy(stated: KeyPolicy | None) -> KeyPolicy:
    return stated or KeyPolicy()


def _calm(sighting: Sighting, client: Client) -> str:
    return sighting.words or f"{client.config.party} version {sighting.ver}, as this home knows it."


def _say(ids: list[str], says: Says, reason: str, run: Run) -> None:
    with Client(run.home) as client:
        if client.kept is not None:
            for id_ in ids:
                sign(client, id_, says, reason, system_clock())
            run.output.result(
                {"statements": [{"id": id_, "says": says, "index": None} for id_ in ids]},
                [f"SIGNED   {id_}  {says}; carry it: sextant bundle export" for id_ in ids],
            )
            return
        said = [say(client, id_, says, reason, system_clock()) for id_ in ids]
    members = [{"id": one.signed.statement.env, "says": says, "index": one.index} for one in said]
    lines = [f"{one.signed.statement.env}  {one.words}" for one in said]
    run.output.result({"statements": members}, lines)
