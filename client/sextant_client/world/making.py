"""Makes a world: first what is true, then which faults its declarations will have."""

from sextant_client.world.planting import plant_faults
from sextant_client.world.truth import World, WorldPlan, make_truth


def make_world(plan: WorldPlan) -> World:
    """Return the world of a plan; the same plan gives the same world.

    Raises:
        PlatformError: as `make_truth`.
    """
    world = make_truth(plan)
    plant_faults(world)
    return world
