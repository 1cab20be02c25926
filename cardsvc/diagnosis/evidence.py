"""Every key of evidence with its kind and its name. A condition of the rule table over a key that is not here is an error.

``*`` stands for one application (``bus``), or for one file (``bus.application``). Absent evidence is absent, never a guess:
a probe that was not asked, or whose answer says nothing, leaves its keys out.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from cardsvc.text import Text

Kind = Literal["flag", "number", "fen", "text", "list"]
Value = bool | int | str | list[str] | None
Evidence = Mapping[str, Value]


class Key(NamedTuple):
    """What a key holds: a flag, a whole number, money in fen, one word of a few, or a list of words."""

    kind: Kind
    name: Text


KEYS: Mapping[str, Key] = {
    "reader.failure": Key("text", Text("读写失败", "what went wrong between reader and card")),
    "reader.failures": Key("number", Text("读写失败次数", "failed attempts")),
    "reader.milliseconds": Key("number", Text("应答时间（毫秒）", "time to answer, milliseconds")),
    "reader.power_up": Key("number", Text("上电时间（毫秒）", "time to power up, milliseconds")),
    "reader.reconnects": Key("number", Text("重连次数", "connections that needed another try")),
    "reader.name": Key("text", Text("读卡器", "reader")),
    "reader.last_cards": Key("number", Text("此读卡器最近的卡（张）", "last cards of this reader")),
    "reader.last_failed": Key("number", Text("其中读写失败（张）", "of these failed")),
    "reader.last_families": Key("number", Text("失败的卡型（种）", "families that failed")),
    "reader.to_blame": Key("flag", Text("多种卡都失败", "cards of several families failed")),
    "reader.drift": Key("number", Text("慢答与快答之比", "slow answer by fast")),
    "side.this": Key("text", Text("读的是哪一面", "the side that answers")),
    "side.good": Key("text", Text("能读的一面", "the side that works")),
    "side.dead": Key("text", Text("读不出的一面", "the side that is silent")),
    "atr.raw": Key("text", Text("复位应答", "answer to reset")),
    "atr.problem": Key("text", Text("复位应答的错误", "what is wrong with the ATR")),
    "atr.known": Key("flag", Text("认得的卡型", "a known card family")),
    "atr.stable": Key("flag", Text("多次复位一致", "the same at every reset")),
    "atr.as_issued": Key("flag", Text("与发卡时一致", "as at issue")),
    "stranger.kind": Key("text", Text("别处的卡", "whose kind of card it is")),
    "profile.id": Key("text", Text("卡型", "firmware profile")),
    "profile.historical": Key("text", Text("历史字节（芯片与操作系统版本）", "historical bytes: chip and OS version")),
    "firmware.faults": Key("list", Text("已知的固件缺陷", "known faults of the firmware")),
    "card.state": Key("text", Text("卡片状态", "what the card is")),
    "protocol.errors": Key("list", Text("不该出现的状态字", "answers with a status that cannot be")),
    "protocol.senseless": Key("flag", Text("多半应答没有意义", "most answers make no sense")),
    "protocol.wrong_lengths": Key("list", Text("长度不对的应答", "answers of a wrong length")),
    "legacy.state": Key("text", Text("旧公交卡状态", "old bus card")),
    "legacy.balance": Key("fen", Text("旧公交卡余额", "balance of the old bus card")),
    "legacy.product": Key("text", Text("旧公交卡种类", "product of the old bus card")),
    "file.*": Key("text", Text("文件", "file")),
    "holder.differs": Key("list", Text("与登记不符的项目", "fields that differ from the record")),
    "application.*.state": Key("text", Text("应用状态", "application")),
    "application.*.record": Key("text", Text("应用登记", "what its record says")),
    "application.*.books": Key("text", Text("账册登记", "what the books say")),
    "application.*.product_differs": Key("flag", Text("产品与账册不符", "product differs from the books")),
    "application.*.expired": Key("flag", Text("已过期", "expired")),
    "application.*.not_yet": Key("flag", Text("未到生效日", "not valid yet")),
    "application.*.review_overdue": Key("flag", Text("年审过期", "review overdue")),
    "application.*.month_over": Key("flag", Text("月票已过月", "money of a month that is over")),
    "application.*.pin_tries": Key("number", Text("密码剩余次数", "tries left of its PIN")),
    "application.*.pin_wrong": Key("flag", Text("密码与登记不符", "its PIN is not the one on record")),
    "application.*.pin_resettable": Key("flag", Text("密码可解锁", "its PIN can be opened again")),
    "application.*.balance": Key("fen", Text("卡上余额", "balance on the card")),
    "application.*.counter_at_maximum": Key("flag", Text("交易序号用完", "counter used up")),
    "application.*.load_refused": Key("flag", Text("充值被卡拒绝", "refuses to begin a load")),
    "application.*.load_key": Key("text", Text("充值密钥验证", "proof by its load key")),
    "purse.balance": Key("fen", Text("卡上余额", "balance on the card")),
    "purse.owed": Key("fen", Text("欠乘车款", "owed for a last ride")),
    "purse.online_counter": Key("number", Text("联机交易序号", "online counter")),
    "purse.offline_counter": Key("number", Text("脱机交易序号", "offline counter")),
    "purse.grey": Key("flag", Text("灰锁", "grey lock")),
    "purse.online_at_maximum": Key("flag", Text("联机交易序号用完", "online counter used up")),
    "purse.offline_at_maximum": Key("flag", Text("脱机交易序号用完", "offline counter used up")),
    "purse.unusable": Key("flag", Text("钱包不答余额或不让消费", "tells no balance, or refuses to begin a purchase")),
    "purse.load_refused": Key("flag", Text("充值被卡拒绝", "refuses to begin a load")),
    "purse.key_missing": Key("flag", Text("缺少钱包密钥", "purse key missing")),
    "purse.books": Key("fen", Text("账上余额", "balance in the books")),
    "purse.held": Key("fen", Text("自行车押金", "guarantee of a bicycle that is out")),
    "purse.spent_unseen": Key("fen", Text("未上传消费", "spent and not uploaded yet")),
    "purse.unexplained": Key("fen", Text("无法解释的差额", "difference that nothing explains")),
    "purse.online_behind": Key("number", Text("联机序号倒退", "online counter behind the last seen")),
    "purse.offline_behind": Key("number", Text("脱机序号倒退", "offline counter behind the last seen")),
    "log.disordered": Key("flag", Text("交易记录次序错乱", "log out of order")),
    "log.empty": Key("flag", Text("有过交易而没有记录", "counters have moved, and the log is empty")),
    "purse.refunded_written": Key("fen", Text("已退款但卡上有的充值", "load that was paid back and is on the card")),
    "log.lost_loads": Key("fen", Text("账册恢复后缺的充值", "loads that restored books lack")),
    "log.untold_loads": Key("number", Text("账册缺、记录也没有的充值", "loads that neither books nor log have")),
    "log.unknown_loads": Key("number", Text("账册没有的充值记录", "loads in the log that are not in the books")),
    "proof.newest": Key("text", Text("最近一笔的交易证明", "proof of the newest transaction")),
    "open.loads": Key("number", Text("未了的充值", "open loads")),
    "open.purchases": Key("number", Text("未了的消费", "open purchases")),
    "open.amount": Key("fen", Text("未了金额", "open amount")),
    "open.undecided": Key("number", Text("卡片也说不清的交易", "open transactions that the card cannot decide")),
    "memory.test": Key("text", Text("存储器试写", "trial write to the memory")),
    "memory.elsewhere": Key("flag", Text("换过读卡器，试写也失败", "the trial failed in another reader as well")),
    "memory.reader_writes": Key("flag", Text("这台读卡器其间写成了别的卡", "this reader wrote another card in between")),
    "key.mac1": Key("text", Text("充值密钥验证", "proof by the load key")),
    "key.algorithm": Key("number", Text("充值密钥的算法标识", "algorithm byte of the load key")),
    "key.old": Key("flag", Text("密钥版本旧", "key version is old")),
    "key.behind": Key("list", Text("可更新的密钥（名@新版本）", "keys that have a newer version (name@version)")),
    "key.broken": Key("list", Text("不对的充值密钥（名@应有版本）", "load keys that are not right (name@version due)")),
    "key.locked": Key("flag", Text("写卡时显出主控密钥锁死", "a master key that was locked when a repair used it")),
    "key.unproven": Key("list", Text("没有验证充值密钥的应用", "applications whose load key was not proven")),
    "key.changeable": Key("flag", Text("发出后可更新密钥", "keys can be changed on a card that is out")),
    "books.known": Key("flag", Text("账册有此卡", "in the books")),
    "books.state": Key("text", Text("账册状态", "state in the books")),
    "books.made": Key("flag", Text("制成过", "was finished once")),
    "books.refused": Key("number", Text("制卡被卡拒绝（次）", "personalisations that the card refused")),
    "books.expired": Key("flag", Text("卡片过期", "card expired")),
    "books.hot": Key("flag", Text("黑名单", "hot-listed")),
    "books.lost": Key("flag", Text("挂失", "reported lost")),
    "chip.differs": Key("flag", Text("芯片号与登记不符", "another chip than the one issued")),
    "serials.differ": Key("flag", Text("卡内两处卡号不一", "two card numbers on one card")),
    "person.differs": Key("flag", Text("号码与持卡人不同", "number not the holder's")),
}

GROUPS: Mapping[str, Text] = {
    "reader": Text("读卡器与接触", "reader and contact"),
    "side": Text("感应面与接触面", "contactless and contact side"),
    "atr": Text("复位应答", "answer to reset"),
    "stranger": Text("别处的卡", "cards of others"),
    "profile": Text("卡型", "card family"),
    "firmware": Text("固件缺陷", "faults of the firmware"),
    "protocol": Text("通信", "protocol"),
    "card": Text("卡片状态", "state of the card"),
    "legacy": Text("旧公交卡", "old bus card"),
    "file": Text("文件", "files"),
    "holder": Text("持卡人信息", "holder"),
    "application": Text("各应用", "applications"),
    "purse": Text("钱包余额与序号", "purse, balance and counters"),
    "log": Text("交易记录", "log"),
    "proof": Text("交易证明", "transaction proof"),
    "open": Text("未了交易", "open transactions"),
    "memory": Text("存储器试写", "trial write to the memory"),
    "key": Text("密钥", "keys"),
    "books": Text("账册", "books"),
    "chip": Text("芯片", "chip"),
    "serials": Text("卡号", "card numbers"),
    "person": Text("本人核对", "the person"),
}
"""What a healthy card is told to have been checked for: the first word of a key."""


def pattern_of(key: str) -> str:
    """The registered form of a key: ``application.bus.state`` is ``application.*.state``."""
    first, _, rest = key.partition(".")
    if first == "file":
        return "file.*"
    if first == "application":
        return f"application.*.{rest.rpartition('.')[2]}"
    return key


def check(evidence: Evidence) -> None:
    """Every key must be registered. Raises KeyError: a defect, found by the tests."""
    for key in evidence:
        if pattern_of(key) not in KEYS:
            raise KeyError(key)
