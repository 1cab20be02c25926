"""What people read on the command line: words, yuan, headings; codes stay in ``--json``."""

import re
from pathlib import Path

from cardsvc.units import id_number_check_digit
from cardsvc.vcard import VirtualCard
from tests.cli.test_cli import as_json, run

BODY = "33010119900101123"
CODE = re.compile(
    r"\b[a-z]+_[a-z_]+\b|\b(citizen|issued|open|closed|confirmed|paid|waiting|called|proposed|add|enabled|topup)\b"
)
"""What no clerk should have to read. Names that people gave (teller, hall) and commands are no codes."""


def told(home: dict[str, str], *arguments: str, code: int = 0) -> str:
    """What a person reads, who reads Chinese; no code is in it. ``code``: the exit code."""
    shown = run({**home, "CARDSVC_LANG": "zh"}, *arguments, code=code).stdout
    found = CODE.search(shown)
    assert found is None, f"{' '.join(arguments)}: {found}"
    return shown


def card_with_money(home: dict[str, str], tmp_path: Path) -> tuple[str, str]:
    """A citizen's card with 100 yuan: its number, and its file."""
    file = str(tmp_path / "card")
    VirtualCard.blank("fudan-fmcos2", seed=1).save(Path(file))
    number = BODY + id_number_check_digit(BODY)
    given = ("--name", "测试一", "--id-number", number, "--sex", "1", "--birth-date", "1990-01-01")
    person = as_json(home, "citizen", "register", *given)
    card_no = as_json(home, "card", "personalise", "--citizen", person["citizen_id"], "--vcard", file)["card_no"]
    run(home, "card", "open", "bus", "--vcard", file)
    run(home, "card", "topup", "100", "--vcard", file)
    return card_no, file


def test_a_card_is_told_in_words(hall: dict[str, str], tmp_path: Path) -> None:
    """Looked at, topped up, its transactions, its time line, its rules, an order that waits, the accounts."""
    run(hall, "keys", "init")
    card_no, file = card_with_money(hall, tmp_path)
    seen = told(hall, "card", "inspect", "--vcard", file)
    assert re.search(r"状态 +市民卡", seen)
    assert re.search(r"公交 +已开通 T", seen)
    assert re.search(r"1 +充值 +100\.00 +310000000001 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", seen)
    assert as_json(hall, "card", "inspect", "--vcard", file)["applications"]["bus"]["state"] == "open"
    assert re.search(r"钱 +卡上有，已入账", told(hall, "card", "topup", "50", "--vcard", file))
    assert re.search(r"充值 +50\.00 +卡上有，已入账 .*TAC 验证通过", told(hall, "card", "log", card_no))
    run(hall, "card", "topup", "10", "--vcard", file, code=3)
    assert "充值：没办成（本机 cli），充值金额低于最低 50.00 元（规则 purse-2009，版本 2026.1）" in told(hall, "why", card_no)
    run(hall, "card", "diagnose", "--quick", "--vcard", file)
    assert "快速检测：办成" in told(hall, "why", card_no)
    assert "充入卡内 50.00 元：在途 → 卡内 城市通钱包" in told(hall, "why", card_no)
    assert "充值：没办成，充值金额低于最低 … 元" in run({**hall, "CARDSVC_LANG": "zh"}, "rules", "why", card_no).stdout
    assert re.search(r"卡内 城市通钱包 +-150\.00", run({**hall, "CARDSVC_LANG": "zh"}, "db", "balance").stdout)
    registered = ("--public-key", "aa" * 32, "--terminal-no", "310000000009", "--role", "channel", "--as", "admin")
    run(hall, "terminal", "register", "app", *registered)
    assert re.search(r"app +310000000009 +付款渠道 +启用", told(hall, "terminal", "list"))
    assert re.search(r"角色 +付款渠道", told(hall, "terminal", "show", "app"))
    run(hall, "order", "create", card_no, "50", "--channel", "app", "--reference", "WX1", "--as", "teller")
    assert re.search(rf"{card_no} +城市通钱包 +50\.00 +已付，待写卡", told(hall, "order", "list"))
    assert "待补登：50.00 元（城市通钱包）" in run({**hall, "CARDSVC_LANG": "zh"}, "card", "inspect", "--vcard", file).stdout


def test_a_first_article_is_told_in_words(hall: dict[str, str], tmp_path: Path) -> None:
    """Whether it is right, and why it is not."""
    run(hall, "keys", "init")
    _card_no, file = card_with_money(hall, tmp_path)
    wrong = told(hall, "card", "first-article", "--vcard", file, code=1)
    assert re.search(r"合格 +否\n作废 +否\n原因 +卡上已有余额", wrong)
    run(hall, "card", "refund", "--vcard", file)
    right = told(hall, "card", "first-article", "--vcard", file)
    assert re.search(r"合格 +是", right)
    assert "原因" not in right


def test_people_and_decisions_are_told_in_words(hall: dict[str, str], tmp_path: Path) -> None:
    """The hot list, what waits for a second person, the queue, a shift, a loss, and a card that is refused for its state."""
    run(hall, "keys", "init")
    card_no, _file = card_with_money(hall, tmp_path)
    for account, shown in (("clearing:bank:hall", "应缴 银行 hall"), ("fee:other:2", "收入 other 2")):
        paper = ("--corrects", account, "--reason", "测试", "--as", "teller")
        asked = as_json(hall, "day", "correct", "fee:other", account, "1", *paper)
        assert re.search(rf"贷方 +{shown}\n", told(hall, "approvals", "show", asked["approval_id"]))
        run(hall, "approvals", "approve", asked["approval_id"], "--as", "boss")
        assert shown in run({**hall, "CARDSVC_LANG": "zh"}, "db", "balance").stdout
    run(hall, "hotlist", "add", card_no, "--reason", "测试", "--as", "teller")
    assert re.search(r"1 +加入 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +teller +测试", told(hall, "hotlist", "show", card_no))
    assert "从未在黑名单上" in told(hall, "hotlist", "show", "3100010100000099")
    assert "card_no_malformed" in run(hall, "hotlist", "show", "xx", code=2).stderr
    asked = as_json(hall, "hotlist", "remove", card_no, "--reason", "测试", "--as", "teller")
    assert asked["kind"] == "release_from_hot_list"
    assert re.search(rf"移出黑名单 +{card_no} +等复核 +teller", told(hall, "approvals", "list"))
    assert re.search(r"事项 +移出黑名单", told(hall, "approvals", "show", asked["approval_id"]))
    assert as_json(hall, "approvals", "show", asked["approval_id"])["state"] == "proposed"
    number = as_json(hall, "queue", "take", "money", "--outlet", "hall", "--as", "boss")["number"]
    assert re.search(rf"{number} +充值、退款 +等候 +没有窗口办", told(hall, "queue", "show", "--outlet", "hall"))
    assert "3 号窗口已开：充值、退款" in told(hall, "queue", "open", "3", "--serves", "money", "--as", "teller")
    assert f"{number}  充值、退款  已叫  3 号窗口" in told(hall, "queue", "next", "--as", "teller")
    assert re.search(rf"{number} +- +已叫 +3", told(hall, "queue", "show", "--outlet", "hall"))
    assert re.search(r"按业务 +充值、退款 1", told(hall, "queue", "figures", "--outlet", "hall"))
    assert "着装规范" in told(hall, "hall", "notes", "--outlet", "hall")
    refused = run({**hall, "CARDSVC_LANG": "zh"}, "approvals", "withdraw", asked["approval_id"], "--as", "teller")
    assert "已收回" in refused.stdout
    again = run({**hall, "CARDSVC_LANG": "zh"}, "approvals", "withdraw", asked["approval_id"], "--as", "teller", code=2)
    assert "已收回" in again.stderr


def test_the_seal_of_a_day_is_told_in_words(hall: dict[str, str]) -> None:
    """As the day sheet has it, at the time of the clock on the wall."""
    run(hall, "keys", "init")
    seal = told(hall, "day", "end", "--outlet", "hall", "--as", "boss")
    assert re.search(r"网点 +hall\n营业日 +20\d\d-\d\d-\d\d\n封号 +1\n封存人 +boss\n", seal)
    assert re.search(r"封存时间 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n封根 +[0-9a-f]{64}\n", seal)
