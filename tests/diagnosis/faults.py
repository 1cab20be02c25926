"""Every fault kind that a card can have, how it gets onto a virtual card, and the finding that must come first.

Wear and fraud: harm.py; what jobs leave: half_done.py; answers on the way: answers.py; other cards: strangers.py, wild.py.
Nothing here uses the host's card code.
"""

from dataclasses import dataclass

from cardsvc.vcard import bodies
from cardsvc.vcard.memory import Kind
from tests.diagnosis import pins
from tests.diagnosis.answers import (
    BUS_AID,
    PURSE_AID,
    Make,
    altered,
    answers,
    begun,
    blocked_in_use,
    bounce,
    changing_atr,
    data_are,
    every_other_fails,
    no_power,
    one_behind,
    reader_gone,
    records_blank,
    slow,
)
from tests.diagnosis.broken import plain
from tests.diagnosis.half_done import (
    corrected_record,
    half_opened,
    hot_listed,
    lost_application,
    master_key_met,
    refunded_in_error,
    reported_lost,
    rolled_key,
    stranger,
    torn_load,
    undecided,
    withdrawn,
)
from tests.diagnosis.harm import (
    EP,
    LAST,
    OTHER_SIDE,
    algorithm_02,
    applications_gone,
    balance,
    blank,
    cloned,
    corrupt,
    counter_wraps,
    edit,
    factory_blank,
    later,
    log_swapped,
    one_side_silent,
    other_side,
    plan,
    restored_books,
    restored_books_untold,
    rolled_back,
    unknown_load,
    used_up,
    worn_memory,
    worn_memory_elsewhere,
    worn_memory_here,
    worn_reader,
    wrong_load_key,
)
from tests.diagnosis.patients import (
    BUS,
    HOLDER,
    MF,
    PARKING,
    PURSE,
    UNKNOWN_ATR,
    Patient,
)
from tests.diagnosis.strangers import (
    SAYS_NOT_FOUND,
    application_gone,
    begun_elsewhere,
    begun_on_another,
    erased,
    month_is_over,
    of_other_books,
    old_bus_card,
    old_card_half_moved,
    old_card_of_others,
    old_card_that_was_moved,
    old_card_that_was_refilled,
    old_card_unread,
    old_card_with_a_mark_that_cannot_be_read,
    old_card_with_two_balances,
    old_card_without_money,
    other_city,
    other_issuer,
    refuses_making,
    social_security,
    spoiled,
    unfinished,
)
from tests.diagnosis.wild import WILD, Wild
from tests.world import FAMILIES, ISSUABLE


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault kind: its name, the finding expected first, how it gets onto a card, and the families that can have it."""

    name: str
    zh: str
    first: str
    make: Make
    families: tuple[str, ...] = ISSUABLE


def stranger_on(wild: Wild) -> Make:
    """A card that nobody here wrote is put on instead."""

    def make(patient: Patient) -> None:
        patient.connect = wild.card

    return make


WITH_PIN = ("watchdata",)
"""Families whose loads want a PIN."""
WRITTEN_AT_ISSUE = (*FAMILIES, *WITH_PIN)
"""Families whose blanks have no files; a card of the other one that reads all FF is as it was delivered."""
KEYS_CHANGE = (*FAMILIES, "huada-city")
"""Families whose cards take new keys after issue; the same show the load keys of every application."""


FAULTS = (
    Fault("mute", "芯片无应答", "no_answer", plan(mute=True)),
    Fault("worn-reader", "读卡器磨损", "reader_worn", worn_reader),
    Fault("no-power-up", "上电无应答", "no_answer", no_power),
    Fault("contact-bounce", "接触时断时续", "contact_unstable", bounce),
    Fault("lost-answer", "应答丢失", "contact_unstable", plan(lose_answer_to_command=5)),
    Fault("changing-atr", "复位应答不稳定", "contact_unstable", changing_atr),
    Fault("bad-atr", "复位应答校验错", "atr_wrong", plan(bad_atr=True)),
    Fault("slow", "应答慢", "answers_slow", slow),
    Fault("reader-gone", "读卡器拔掉", "reader_trouble", reader_gone),
    Fault("unknown-family", "不认得的芯片", "stranger_city", altered(lambda _, given: given, UNKNOWN_ATR)),
    *(Fault(wild.name, wild.zh, wild.first, stranger_on(wild), FAMILIES[:1]) for wild in WILD),
    Fault("dead-os", "拒绝一切命令", "card_dead", altered(lambda _c, _a: bytes.fromhex("6F00"))),
    Fault("endless-answers", "总说还有数据", "card_dead", altered(lambda _c, _a: bytes.fromhex("6110"))),
    Fault("refuses-lengths", "一切命令都说长度错", "card_dead", altered(lambda _c, _a: bytes.fromhex("6700"))),
    Fault("one-behind", "应答总是上一条命令的", "answers_senseless", one_behind),
    Fault("every-other-fails", "命令时成时败", "answers_senseless", every_other_fails),
    Fault("half-answers", "应答只有一半", "answers_senseless", data_are(lambda data: data[: len(data) // 2])),
    Fault("reads-all-ff", "读出来全是 FF", "answers_senseless", data_are(lambda data: b"\xff" * len(data)), WRITTEN_AT_ISSUE),
    Fault("other-content", "芯片号是本市的、内容是别家的", "card_erased", altered(lambda command, _: plain(command))),
    Fault("card-blocked", "整卡锁死", "card_locked", edit(MF, bodies.BLOCKED, bytes((bodies.FOR_GOOD,)))),
    Fault(
        "mf-blocked", "主目录锁定", "card_locked", altered(lambda c, a: bytes.fromhex("6283") if c[1:3] == b"\xa4\x00" else a)
    ),
    Fault("unfinished", "制卡中断", "card_unfinished", unfinished),
    Fault("begun-on-another", "别家的卡被误当白卡开始制卡", "begun_on_another", begun_on_another),
    Fault("refuses-making", "白卡拒绝写入", "card_refuses_making", refuses_making),
    Fault("spoiled", "做不成、已作废的白卡", "card_spoiled", spoiled),
    Fault("begun-elsewhere", "来历不明的半成品", "card_partial_unknown", begun_elsewhere),
    Fault("other-city", "外地市民卡", "card_foreign", other_city),
    Fault("other-issuer", "交通联合卡", "card_foreign", other_issuer),
    Fault("social-security", "社保卡", "card_foreign", social_security),
    Fault("old-bus-card", "旧公交卡（M1）", "card_legacy", old_bus_card),
    Fault("old-card-of-others", "外地旧公交卡", "old_card_of_others", old_card_of_others),
    Fault("old-card-unread", "旧公交卡，读卡器读不了", "old_card_unread", old_card_unread),
    Fault("old-card-mark-unread", "旧公交卡标记块读不出", "old_card_damaged", old_card_with_a_mark_that_cannot_be_read),
    Fault("old-card-empty", "旧公交卡用完", "old_card_empty", old_card_without_money),
    Fault("old-card-damaged", "旧公交卡两份余额不一", "old_card_damaged", old_card_with_two_balances),
    Fault("old-card-half-moved", "旧公交卡转到一半拿走", "old_card_half_moved", old_card_half_moved),
    Fault("old-card-moved", "旧公交卡已转出", "old_card_moved", old_card_that_was_moved),
    Fault("old-card-refilled", "旧公交卡转出后又有钱", "old_card_refilled", old_card_that_was_refilled),
    Fault("not-in-books", "账册没有的本市卡", "card_unknown", of_other_books),
    Fault("erased", "卡被清空", "card_erased", erased),
    Fault("says-not-found", "账册有此卡、问什么都答 6A82", "card_erased", altered(lambda _c, _a: SAYS_NOT_FOUND)),
    Fault("other-side", "换了接触方式", "atr_changed", other_side, tuple(OTHER_SIDE)),
    Fault("antenna", "天线断", "antenna_broken", one_side_silent("contactless"), tuple(OTHER_SIDE)),
    Fault("contacts", "芯片触点坏", "contacts_broken", one_side_silent("contact"), tuple(OTHER_SIDE)),
    Fault("blank", "空白卡", "card_blank", blank),
    Fault("factory-blank", "出厂带主目录的空白卡", "card_blank", factory_blank, FAMILIES[:1]),
    Fault("cloned-serial", "复制卡（芯片号不同）", "clone", cloned),
    Fault("rolled-back", "旧数据写回", "counter_back", rolled_back),
    Fault("withdrawn", "已作废的卡", "card_withdrawn", withdrawn),
    Fault("hot-listed", "黑名单卡", "hot_listed", hot_listed),
    Fault("reported-lost", "已挂失的卡", "reported_lost", reported_lost),
    Fault("wrong-person", "不是持卡人的证件", "person_differs", stranger),
    Fault("corrected-record", "登记已更正、卡未更正", "holder_differs", corrected_record),
    Fault("corrupt-card-issue", "发卡文件损坏", "file_corrupt", corrupt(MF, 0x0005, 18, 4)),
    Fault("changed-card-number", "卡号被改", "serials_differ", edit(MF, bodies.CONTENT + 15, b"\x99", file=0x0005)),
    Fault("corrupt-directory", "目录文件损坏", "file_differs", corrupt(MF, 0x0001, 4, 3)),
    Fault("corrupt-purse-file", "钱包文件损坏", "file_corrupt", corrupt(PURSE, 0x0015, 20, 4)),
    Fault("corrupt-holder", "持卡人信息损坏", "file_corrupt", corrupt(HOLDER, 0xEF06, 0, 2)),
    Fault("changed-holder", "持卡人信息被改", "holder_differs", edit(HOLDER, bodies.CONTENT + 2, b"9", file=0xEF06)),
    Fault("corrupt-application", "公交文件损坏", "file_corrupt", edit(BUS, bodies.CONTENT, b"\x77", file=0x0015)),
    Fault("corrupt-unopened", "没开通的停车文件损坏", "file_corrupt", edit(PARKING, bodies.CONTENT, b"\x77", file=0x0015)),
    Fault("two-serials", "两处卡号不一", "serials_differ", edit(PURSE, bodies.CONTENT + 19, b"\x42", file=0x0015)),
    Fault("locked-master-key-met", "主控密钥锁死（维修时显出）", "master_key_locked", master_key_met),
    Fault("write-failed", "试写失败", "memory_write_failed", worn_memory),
    Fault("worn-memory", "存储器磨损（两台读卡器试写都失败）", "memory_worn", worn_memory_elsewhere),
    Fault("worn-memory-one-reader", "存储器磨损（同一台读卡器写得进好卡）", "memory_worn", worn_memory_here),
    Fault("missing-file", "文件丢失", "file_missing", edit(BUS, -7, b"\x00", file=0x0015)),
    Fault("applications-gone", "应用全没有了", "card_erased", applications_gone),
    Fault("application-gone", "公交应用丢失", "application_missing", application_gone),
    Fault("purse-blocked", "钱包临时锁定", "application_blocked", edit(PURSE, bodies.BLOCKED, bytes((bodies.FOR_A_TIME,)))),
    Fault("purse-blocked-in-use", "钱包锁定，仍能选中", "application_blocked", blocked_in_use),
    Fault("purse-locked", "钱包永久锁定", "application_locked", edit(PURSE, bodies.BLOCKED, bytes((bodies.FOR_GOOD,)))),
    Fault("bus-blocked", "公交临时锁定", "application_blocked", edit(BUS, bodies.BLOCKED, bytes((bodies.FOR_A_TIME,)))),
    Fault("bus-locked", "公交永久锁定", "application_locked", edit(BUS, bodies.BLOCKED, bytes((bodies.FOR_GOOD,)))),
    Fault("grey-lock", "灰锁", "grey_lock", plan(grey_lock=True)),
    Fault("load-not-written", "付款后未写卡", "load_suspect", torn_load(before=True)),
    Fault("load-written", "已写卡未收到应答", "load_suspect", torn_load(before=False)),
    Fault("load-undecided", "未了充值、卡无证据", "load_undecided", undecided),
    Fault("refunded-in-error", "已退款的充值写进了卡", "refunded_but_written", refunded_in_error),
    Fault("balance-too-high", "余额无故增多", "balance_grew", balance(99900)),
    Fault("balance-too-low", "余额无故减少", "balance_differs", balance(100)),
    Fault("last-ride-owed", "欠最后一次乘车款", "purse_owes", balance(-100)),
    Fault("stuck-counter", "交易序号不动", "counter_back", edit(PURSE, bodies.ONLINE, b"\x00\x00", kind=Kind.PURSE)),
    Fault("counter-at-maximum", "交易序号用完", "counter_used_up", edit(PURSE, bodies.ONLINE, LAST, kind=Kind.PURSE)),
    Fault("offline-at-maximum", "消费序号用完", "offline_counter_used_up", edit(PURSE, bodies.OFFLINE, LAST, kind=Kind.PURSE)),
    Fault("counter-wraps", "交易序号用完，卡不拒绝", "counter_used_up", counter_wraps),
    Fault("bus-counter-at-maximum", "公交交易序号用完", "area_counter_used_up", used_up(BUS), KEYS_CHANGE),
    Fault("parking-counter-at-maximum", "停车交易序号用完", "area_counter_used_up", used_up(PARKING), KEYS_CHANGE),
    Fault("restored-books", "账册从备份恢复", "books_behind", restored_books),
    Fault("restored-books-untold", "账册从备份恢复，记录已冲掉", "books_behind_untold", restored_books_untold),
    Fault("unknown-load", "账册没有的充值", "log_unknown_load", unknown_load),
    Fault("log-out-of-order", "交易记录错乱", "log_broken", log_swapped),
    Fault("log-emptied", "交易记录清空", "log_empty", edit(PURSE, bodies.USED, b"\x00\x00", file=0x0018)),
    Fault("newest-record-blank", "最新一笔记录读出全 00", "log_broken", records_blank(1)),
    Fault("wrong-proof", "交易证明不对", "proof_wrong", edit(PURSE, bodies.LOAD_PROOF + 7, b"\0\0\0\0", kind=Kind.PURSE)),
    Fault("wrong-key", "充值密钥不对", "key_wrong", wrong_load_key(PURSE)),
    Fault("wrong-bus-key", "公交充值密钥不对", "area_key_wrong", wrong_load_key(BUS), KEYS_CHANGE),
    Fault("wrong-parking-key", "停车充值密钥不对", "area_key_wrong", wrong_load_key(PARKING), KEYS_CHANGE),
    Fault("strange-bus-key", "公交充值密钥的版本不认识", "area_key_wrong", wrong_load_key(BUS, 6, b"\x09"), KEYS_CHANGE),
    Fault("missing-bus-key", "缺少公交充值密钥", "area_key_stays", wrong_load_key(BUS, -5, b"\x44"), KEYS_CHANGE),
    Fault("purse-file-gone", "钱包文件没有了", "purse_unusable", edit(PURSE, -7, b"\x00", file=EP)),
    Fault("purse-refuses-purchase", "钱包不让消费", "purse_unusable", begun(b"\x01", "6985")),
    Fault("purse-refuses-load", "钱包不让充值", "purse_load_refused", begun(b"\x00", "6985", PURSE_AID)),
    Fault("bus-refuses-load", "公交钱包不让充值", "area_load_refused", begun(b"\x00", "6985", BUS_AID), KEYS_CHANGE),
    Fault("firmware-algorithm", "固件缺陷（算法标识 02）", "firmware_fault", algorithm_02, ("fudan-fmcos2",)),
    Fault("wrong-key-version", "密钥版本号不对", "key_unknown", wrong_load_key(PURSE, 6, b"\x09")),
    Fault("old-key", "密钥版本旧", "key_old", rolled_key, KEYS_CHANGE),
    Fault("old-keys-stay", "密钥版本旧", "key_old_stays", rolled_key, WITH_PIN),
    Fault("missing-key", "缺少充值密钥", "purse_key_missing", wrong_load_key(PURSE, -5, b"\x44")),
    Fault("locked-pin", "充值密码锁死", "pin_locked", pins.locked, WITH_PIN),
    Fault("locked-pin-no-key", "密码锁死、卡上无解锁密钥", "pin_locked_for_good", pins.locked_for_good, WITH_PIN),
    Fault("wrong-pin", "卡上密码与登记不符", "pin_wrong", pins.another, WITH_PIN),
    Fault("wrong-pin-no-key", "密码不符、卡上无解锁密钥", "pin_wrong_for_good", pins.another_for_good, WITH_PIN),
    Fault("pin-tried", "充值密码试错过", "pin_tries_used", pins.tried, WITH_PIN),
    Fault("pin-tried-no-key", "密码试错过、卡上无解锁密钥", "pin_tries_used_stays", pins.tried_for_good, WITH_PIN),
    Fault("half-opened", "应用开通一半", "application_half_opened", half_opened),
    Fault("lost-application", "卡上丢了应用登记", "application_lost", lost_application),
    Fault("wrong-product", "产品不符", "application_product_differs", edit(BUS, bodies.CONTENT + 2, b"B", file=0x0015)),
    Fault("park-pass-over", "公园年卡到期", "application_expired", later(800)),
    Fault("month-over", "月票过月有余额", "month_over", month_is_over),
    Fault("review-overdue", "年审过期", "review_overdue", edit(BUS, bodies.CONTENT + 12, b"\x20\x20\x01\x01", file=0x0015)),
    Fault("card-expired", "卡片过期", "card_expired", later(4000)),
    Fault("short-answers", "应答长度不对", "answers_wrong", answers(0x5C, "0000009000")),
    Fault("no-such-instruction", "指令不支持", "answers_wrong", answers(0x50, "6D00")),
)
"""Fault kinds in the order of the table in the documentation."""
