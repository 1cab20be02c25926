"""Applications at the desk: from the ID number to the card in its holder's hand, without a mouse; and what goes wrong."""

import datetime as dt
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from cardsvc.bootstrap import now
from cardsvc.service.cards.photos import photo_on_file
from cardsvc.service.cards.requests import photo_of
from cardsvc.service.rights.importing import import_feed
from cardsvc.service.staff.accounts import sign_in
from cardsvc.store.records import CardRequest
from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.page.conftest import PASSWORD, Desk, axe_finds
from tests.service.rights.rights_people import as_csv, said

pytestmark = pytest.mark.usefixtures("own_pcscd")
BODY = "33010019990230123"
NUMBER = BODY + id_number_check_digit(BODY)


def camera(folder: Path) -> str:
    """A picture as a camera makes it: far too large, and wide."""
    file = folder / "camera.png"
    picture = Image.new("RGB", (1600, 1200), "white")
    picture.paste(Image.effect_noise((400, 800), 60).convert("RGB"), (600, 400))
    picture.save(file)
    return str(file)


def the_application(desk: Desk) -> CardRequest:
    """The only one that there is."""
    with desk.world.store.read() as uow:
        (row,) = uow.card_requests.where()
    return row


def test_from_the_id_number_to_the_holders_hand(desk: Desk, tmp_path: Path) -> None:
    """Somebody new applies with a camera's picture, the card is made from the list that waits, printed, handed out."""
    desk.sign_in()
    desk.press("b")
    desk.sees("待制卡 0")
    desk.press("n")
    desk.sees("领卡人身份证号")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("谁来办")
    desk.type("测试申")
    desk.page.fill('input[name="birth_date"]', "1999-02-28")
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    expect(desk.page.locator("#crop")).to_be_visible()
    desk.page.focus("#zoom")
    desk.page.keyboard.press("ArrowRight")
    desk.page.check('input[name="consent"]')
    desk.picture("apply-form")
    assert axe_finds(desk.page) == []
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("放空白卡，去制卡")
    desk.picture("apply-slip")
    assert axe_finds(desk.page) == []
    assert 5 * 1024 <= len(photo_of(desk.world.store, the_application(desk).case_no)) <= 50 * 1024
    desk.press("Enter")
    desk.sees("请放卡")
    desk.hall.put(VirtualCard.blank("fudan-fmcos2", seed=60))
    desk.sees("1 制卡")
    desk.press("1")
    desk.sees("申领：测试申")
    desk.press("Enter")
    desk.sees("办好了")
    desk.press("b")
    desk.sees("待领取 1")
    desk.picture("requests-board")
    desk.press("f")
    desk.sees("找人（领卡、挂失")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("发放 SL")
    desk.press("Enter")
    desk.sees("打印卡面")
    face = desk.page.request.get(f"{desk.hall.url}/desk/faces/{the_application(desk).card_no}/face.pdf")
    assert face.body().startswith(b"%PDF")
    desk.press("Enter")
    desk.sees("已发放")
    row = the_application(desk)
    with desk.world.store.read() as uow:
        given = uow.handouts.get(row.card_no)
    assert (row.state, given.collector, given.handed_by) == ("handed", "holder", "clerk")


SLOW_PICTURES = """
const made = window.createImageBitmap;
window.createImageBitmap = async (file) => { await new Promise((done) => setTimeout(done, 700)); return made(file); };
"""


def test_a_form_sent_before_its_picture_is_cut_waits_for_it(desk: Desk, tmp_path: Path) -> None:
    """A slow computer and a quick clerk: sent at once and again, it arrives once, with the picture that was cut."""
    desk.sign_in()
    desk.page.add_init_script(SLOW_PICTURES)
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("谁来办")
    desk.type("测试申")
    desk.page.fill('input[name="birth_date"]', "1999-02-28")
    desk.page.check('input[name="consent"]')
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    for _ in range(2):
        desk.page.get_by_role("button", name="受理").click()
    desk.sees("承诺取卡")
    assert 5 * 1024 <= len(photo_of(desk.world.store, the_application(desk).case_no)) <= 50 * 1024


def test_what_was_typed_stays_when_it_is_refused(desk: Desk, tmp_path: Path) -> None:
    """A file that is no picture, a number that is none, a second application: each with what to do, and nothing is kept."""
    desk.sign_in()
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type("330100199902300019")
    desk.press("Enter")
    desk.sees("校验位")
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("谁来办")
    desk.type("测试申")
    desk.page.fill('input[name="birth_date"]', "1999-02-28")
    (tmp_path / "photo.jpg").write_bytes(b"no picture" * 20_000)
    desk.page.set_input_files('input[name="photo"]', str(tmp_path / "photo.jpg"))
    desk.page.check('input[name="consent"]')
    desk.sees("不是照片")
    desk.page.get_by_role("button", name="受理").click()
    expect(desk.page.locator('input[name="name"]')).to_have_value("测试申")
    with desk.world.store.read() as uow:
        assert uow.card_requests.where() == []
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("承诺取卡")
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    desk.page.check('input[name="consent"]')
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("没办完的申领单")


def says(desk: Desk, **other: str) -> None:
    """A file of the medical insurance comes in about the person of these tests."""
    clerk = sign_in(desk.world.store, "clerk", PASSWORD, now())
    told = said(1, **{"id_number": NUMBER, "name": "测试申", "changed_at": now().isoformat(), **other})
    import_feed(desk.world.store, desk.world.engine.rules, "medical", "f.csv", as_csv([told]), by=clerk, now=now())


def apply_for_somebody_new(desk: Desk, photo: str) -> None:
    """Fill in the form of somebody new who is there in person, up to its last button."""
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("谁来办")
    desk.type("测试申")
    desk.page.fill('input[name="birth_date"]', "1999-02-28")
    desk.page.fill('input[name="phone"]', "13000000001")
    desk.page.set_input_files('input[name="photo"]', photo)
    desk.sees("358×441 · ")
    desk.page.check('input[name="consent"]')


def test_what_waits_for_the_insurance_offices(desk: Desk, tmp_path: Path) -> None:
    """A right that comes later proposes the pre-application; then the name differs; the right data free it, and it is told."""
    says(desk, right_from=str(now().date() + dt.timedelta(days=40)))
    desk.sign_in()
    apply_for_somebody_new(desk, camera(tmp_path))
    expect(desk.page.locator('input[name="pre"]')).to_be_checked()
    desk.page.uncheck('input[name="pre"]')
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("请选“预申请”")
    desk.page.check('input[name="pre"]')
    desk.page.fill('input[name="friend_name"]', "测试友")
    desk.page.fill('input[name="friend_phone"]', "13000000002")
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    desk.picture("apply-pre")
    assert axe_finds(desk.page) == []
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("通知朋友要姓名、手机号和本人同意")
    desk.page.check('input[name="friend_consent"]')
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("等到后开始计算")
    says(desk, name="测试伸")
    desk.page.reload()
    desk.sees("≠ 测试伸")
    desk.sees("医保窗口")
    desk.picture("apply-held")
    assert axe_finds(desk.page) == []
    desk.press("Escape")
    desk.sees("等待中 1")
    desk.sees("≠ 姓名")
    desk.picture("requests-waiting")
    assert axe_finds(desk.page) == []
    says(desk)
    desk.page.reload()
    desk.sees("待制卡 1")
    desk.page.get_by_role("link", name="SL").click()
    desk.sees("待遇已生效，开始制卡")
    desk.sees("您的朋友测试申的市民卡")
    desk.picture("apply-freed")


def test_a_photo_stays_chosen_when_the_form_is_refused(desk: Desk, tmp_path: Path) -> None:
    """The agent's name is missing: the form comes back with the photo, which the service never kept, as it was cut."""
    desk.sign_in()
    desk.page.goto(f"{desk.hall.url}/desk/apply")
    desk.type(NUMBER)
    desk.press("Enter")
    desk.sees("谁来办")
    desk.type("测试申")
    desk.page.fill('input[name="birth_date"]', "1999-02-28")
    desk.page.check('input[name="came"][value="agent"]')
    desk.page.set_input_files('input[name="photo"]', camera(tmp_path))
    desk.sees("358×441 · ")
    desk.page.locator("#zoom").fill("140")
    desk.page.check('input[name="consent"]')
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("没有办成")
    desk.sees("358×441 · ")
    expect(desk.page.locator("#zoom")).to_have_value("140")
    desk.page.check('input[name="came"][value="holder"]')
    desk.page.get_by_role("button", name="受理").click()
    desk.sees("放空白卡，去制卡")
    with desk.world.store.read() as uow:
        kept = photo_on_file(uow, the_application(desk).citizen_id)
    assert kept is not None
    assert 5 * 1024 <= len(kept.photo) <= 50 * 1024
