"""Lines of work at the card window, each done to its end through the forms of the page: on the card and in the books."""

from cardsvc.service.books.audit import verify_ledger
from tests.service.purse.test_areas import CARD, bus_card, load, local
from tests.web.clerk import Clerk
from tests.web.desk_office import Office
from tests.world import World, area_on, balance_on


def closes(office: Office) -> None:
    """Every chain holds, and the books are even."""
    found = verify_ledger(office.world.store)
    assert (found["breaks"], found["total"]) == ([], 0)


def at_the_desk(office: Office) -> Clerk:
    """A clerk whose drawer is open."""
    clerk = Clerk(office)
    clerk.open("/desk/drawer")
    clerk.send("开班")
    return clerk


def test_a_withdrawn_product_is_swapped_on_its_card(office: Office) -> None:
    """停用产品换杭州通: the page says what it holds and where it goes; one press, and T is there with the money."""
    world, then = office.world, World(office.world.path, local(2018, 5, 7, 12))
    card = bus_card(then, "D")
    load(then, card, 10000, product="D")
    then.close()
    clerk = at_the_desk(office)
    clerk.put(card)
    clerk.follow("停用产品换杭州通")
    clerk.sees("D 已停用：换成 T，100.00 元转入城市通钱包", "免费")
    clerk.send("换")
    clerk.sees("办好了", "100.00")
    clerk.work_place()
    clerk.sees("公交 ● 已开通 T")
    assert (area_on(card, "bus"), balance_on(card)[0], world.purse_total(CARD)) == (0, 10000, 10000)
    closes(office)
