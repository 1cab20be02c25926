"""The hot list after a restored backup: its lost versions come back with other contents, and terminals have the old ones."""

import datetime as dt

from cardsvc.client.hotlist import HotListCopy, applied
from cardsvc.service.loss.hotlist import acknowledge, list_card, snapshot
from tests.restored import declare, lost
from tests.world import FAMILIES, KIOSK, World


def put_on(world: World, number: int) -> None:
    """One more card on the list."""
    world.now += dt.timedelta(seconds=1)
    with world.store.begin() as uow:
        list_card(uow, f"310001010000000{number}", "挂失", "li", world.now)
        uow.commit()


def brought_up_to_date(world: World, copy: HotListCopy) -> HotListCopy:
    """What a terminal has after it asked for what is new."""
    following = applied(copy, snapshot(world.store, world.keys, copy.version))
    assert following is not None
    acknowledge(world.store, "kiosk-7", following.version, world.now)
    return following


def test_a_terminal_that_has_a_lost_version_gets_the_whole_list(world: World) -> None:
    """Version 2 was lost with card 2 in it; the next change is of card 3, and no version that anybody has is used again."""
    for number in (1, 2, 3):
        world.issue(FAMILIES[0], number)
    world.register(KIOSK)
    put_on(world, 1)
    with lost(world):
        put_on(world, 2)
        copy = brought_up_to_date(world, HotListCopy())
    assert copy == HotListCopy(2, frozenset({"3100010100000001", "3100010100000002"}))
    declare(world)
    put_on(world, 3)
    copy = brought_up_to_date(world, copy)
    assert copy.cards == {"3100010100000001", "3100010100000003"}
    jumped = copy.version
    put_on(world, 2)
    copy = brought_up_to_date(world, copy)
    assert (copy.version, len(copy.cards)) == (jumped + 1, 3)
