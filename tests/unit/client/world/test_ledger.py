"""The truth balances: within each State, and between each exporter and importer."""

from collections import Counter

from sextant_client.world import World
from sextant_client.world.industry import PRODUCE
from sextant_client.world.substances import substances


def test_every_balance_closes_and_none_is_negative(world: World) -> None:
    assert len(world.ledger.balances) > 1000
    for balance in world.ledger.balances.values():
        came = balance.opening + balance.produced + balance.imported
        went = balance.consumed + balance.processed + balance.exported + balance.lost
        assert came == went + balance.closing
        assert min(balance) >= 0


def test_what_closes_a_year_opens_the_next(world: World) -> None:
    for (state, substance, year), balance in world.ledger.balances.items():
        following = world.ledger.balances.get((state, substance, year + 1))
        if following is not None:
            assert following.opening == balance.closing
        elif year < world.ledger.era.last:
            assert balance.closing == 0


def test_every_shipment_stands_once_on_each_side(world: World) -> None:
    sent = {s.number: s for ships in world.ledger.sent.values() for s in ships}
    received = {s.number: s for ships in world.ledger.received.values() for s in ships}
    assert len(sent) == sum(map(len, world.ledger.sent.values())) > 1000
    assert sent == received
    for (state, year), ships in world.ledger.sent.items():
        assert all((s.exporter, s.year_out) == (state, year) for s in ships)
    for (state, year), ships in world.ledger.received.items():
        assert all((s.importer, s.year_in) == (state, year) for s in ships)


def test_shipments_add_up_to_the_trade_in_the_balances(world: World) -> None:
    exported: Counter[tuple[str, int, int]] = Counter()
    for ships in world.ledger.sent.values():
        for s in ships:
            exported[s.exporter, s.substance, s.year_out] += s.grams
    assert exported
    for key, balance in world.ledger.balances.items():
        assert balance.exported == exported[key]


def test_nothing_moves_within_a_state_or_through_its_own_ports(world: World) -> None:
    for ships in world.ledger.sent.values():
        for s in ships:
            assert len({s.exporter, s.importer, s.via}) == 3
            assert s.dispatched <= s.arrived


def test_schedule_2_is_never_sent_to_a_state_not_party(world: World) -> None:
    outside = {code for code, profile in world.profiles.items() if not profile.is_party}
    partners = [
        (substances()[s.substance].regime, s.importer)
        for ships in world.ledger.sent.values()
        for s in ships
    ]
    assert any(importer in outside for _, importer in partners)
    assert not any(regime == "S2" and importer in outside for regime, importer in partners)


def test_plants_make_what_the_state_makes_within_their_capacity(world: World) -> None:
    made: Counter[tuple[str, int, int]] = Counter()
    for (plant, year), activity in world.ledger.activity.items():
        for substance, roles in activity.items():
            grams = roles.get(PRODUCE, 0)
            made[plant[:3], substance, year] += grams
            assert grams <= world.ledger.capacity.get((plant, substance), 0)
    for key, balance in world.ledger.balances.items():
        assert made[key] == balance.produced
