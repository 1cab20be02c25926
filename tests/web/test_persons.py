"""A person's page: a change and a death from the form to the second person's screen, in both languages."""

import pytest

from cardsvc.service.cards.deaths import deaths_of
from cardsvc.service.cards.person_changes import changes_of
from tests.service.cards.test_card_requests import PARENT
from tests.service.purse.test_areas import CARD
from tests.web.desk_office import Office, plain
from tests.world import person


def decide(office: Office, who: str = "chief") -> str:
    """The second person agrees on their own screen; gives what they saw of it."""
    page = office.page(who)
    with office.world.store.read() as uow:
        (waiting,) = uow.approvals.open()
    seen = page.get("/approvals").text
    assert f"/desk/persons/{waiting.subject}" in seen
    answer = page.post(f"/approvals/{waiting.approval_id}", decision="approve")
    assert answer.status_code == 303, plain(answer.text)
    return plain(page.get(f"/persons/{waiting.subject}").text)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("330100990228001", "身份证号是 15 位旧号码，卡上要 18 位"),
        ("33010019990228", "身份证号不是 18 位"),
        (f"{person().id_number[:17]}{'0' if person().id_number[17] != '0' else '1'}", "身份证号校验位不对"),
    ],
)
def test_what_is_wrong_with_a_number_is_told(office: Office, number: str, said: str) -> None:
    """Wherever somebody is looked for, and before they are taken in."""
    for path, field in (("/person", "wanted"), ("/apply", "id_number")):
        answer = office.page("clerk").post(path, **{field: number})
        assert (answer.status_code, said in answer.text) == (422, True), plain(answer.text)


GIVEN = {"sex": "1", "ethnic_group": "5", "birthplace": "330100", "birth_date": "1999-02-28", "id_number": person().id_number}


@pytest.mark.parametrize(
    ("name", "proposed", "chip_name"),
    [
        ("测㛃", "测JIE", "测JIE"),
        ("测\U0002cb4e", "测HONG", "测HONG"),  # four bytes in UTF-8
        ("测\u9fb4", "测", "测YAN"),  # of the gaps of GBK; no table has its reading
    ],
)
def test_a_name_that_the_chip_cannot_hold_asks_for_one_that_it_can(
    office: Office, name: str, proposed: str, chip_name: str
) -> None:
    """The field comes with the first try, filled as far as the rule can; the name itself stays, and stands beside it."""
    page = office.page("clerk")
    first = page.post("/people/new", contact="contact-1", name=name, **GIVEN)
    assert (first.status_code, "芯片姓名要填" in first.text) == (422, True), plain(first.text)
    assert f'name="chip_name" maxlength="30" required autofocus value="{proposed}"' in first.text
    wrong = page.post("/people/new", contact="contact-1", name=name, chip_name="张三", **GIVEN)
    assert (wrong.status_code, "与姓名对不上" in wrong.text, 'value="张三"' in wrong.text) == (422, True, True)
    done = page.post("/people/new", contact="contact-1", name=name, chip_name=chip_name, **GIVEN)
    assert (done.status_code, f"{name} 330" in plain(done.text), f"芯片姓名：{chip_name}" in plain(done.text)) == (
        200,
        True,
        True,
    )


def test_a_name_that_was_put_right_needs_none_any_more(office: Office) -> None:
    """The field is left as it was; nothing is kept of it, and nothing refused for it."""
    page = office.page("clerk")
    assert "chip_name" not in page.post("/people/new", contact="contact-1", name="", **GIVEN).text
    done = page.post("/people/new", contact="contact-1", name="测试一", chip_name="测JIE", **GIVEN)
    assert (done.status_code, "芯片姓名" in done.text) == (200, False)


def test_the_dots_of_a_name_are_one_sign_and_the_clerk_is_told(office: Office) -> None:
    """Where another was typed."""
    page = office.page("clerk")
    for dot, told in (("•", True), ("·", False)):
        done = page.post("/people/new", contact="contact-1", name=f"测试{dot}买买提", **GIVEN)
        assert ("测试·买买提" in done.text, "姓名里的点已统一写作" in done.text) == (True, told)


def test_a_change_to_a_name_that_the_chip_cannot_hold_asks_for_both(office: Office) -> None:
    """The second person sees both."""
    office.world.issue("fudan-fmcos2")
    clerk, citizen = office.page("clerk"), office.world.citizen()
    first = clerk.post(f"/persons/{citizen}/change", name="测㛃", proof="新身份证")
    assert (first.status_code, 'required autofocus value="测JIE"' in first.text) == (422, True)
    assert clerk.post(f"/persons/{citizen}/change", name="测㛃", chip_name="测JIE", proof="新身份证").status_code == 303
    seen = decide(office)
    assert "芯片姓名：无 → 测JIE" in seen


def test_a_change_from_the_form_to_the_card(office: Office) -> None:
    """The clerk fills in what changes, the supervisor sees old and new, and the page says what the card needs."""
    office.world.issue("fudan-fmcos2")
    clerk, citizen = office.page("clerk"), office.world.citizen()
    found = clerk.post("/person", wanted=person().id_number)
    assert f"/desk/persons/{citizen}" in found.text
    assert f"/desk/persons/{citizen}" in clerk.get(f"/cards/{CARD}").text
    assert "新身份证原件" in clerk.text(f"/persons/{citizen}")
    refused = clerk.post(f"/persons/{citizen}/change", name="", sex="", proof="新身份证")
    assert (refused.status_code, "没有要变更的内容" in refused.text) == (422, True)
    wrong = clerk.post(f"/persons/{citizen}/change", ethnic_group="x", proof="新身份证")
    assert (wrong.status_code, "params_invalid" in wrong.text) == (422, True)
    for _ in range(2):
        clerk.post(f"/persons/{citizen}/change", ethnic_group="5", sex="2", name="", proof="户口簿")
    assert len(changes_of(office.world.store, citizen)) == 1
    assert "等第二人复核" in clerk.text(f"/persons/{citizen}")
    seen = decide(office)
    assert "性别：男 → 女" in seen
    assert "已生效 chief" in seen
    assert "放上卡按 0 修复" in seen
    assert "0 writes its data again" in office.page("clerk", language="en").text(f"/persons/{citizen}")


def test_a_death_from_the_form_to_the_cards(office: Office) -> None:
    """Who came, what was shown, which cards are here; confirmed, and the forms are gone."""
    office.world.issue("fudan-fmcos2")
    clerk, citizen = office.page("clerk"), office.world.citizen()
    form = {
        "heir": "child",
        "heir_name": PARENT["comer_name"],
        "heir_id_number": PARENT["comer_id_number"],
        "papers": "死亡证明",
    }
    refused = clerk.post(f"/persons/{citizen}/death", **{**form, "heir": "friend"})
    assert (refused.status_code, "rule_no_heir" in refused.text) == (422, True)
    assert clerk.post(f"/persons/{citizen}/death", **form, cards_here=CARD).status_code == 303
    seen = decide(office)
    assert "已身故" in seen
    assert "提交变更" not in seen
    (shown,) = deaths_of(office.world.store, citizen)
    assert shown["cards_here"] == [CARD]


@pytest.mark.parametrize("path", ["/persons/nobody", "/persons/" + "0" * 36])
def test_nobodys_page_is_told(office: Office, path: str) -> None:
    """A page for a person who is not there, and a deed that is none."""
    assert office.page("clerk").get(path).status_code == 404
    assert office.page("clerk").post(f"/persons/{office.world.citizen()}/dance").status_code == 404
