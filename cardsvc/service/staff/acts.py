"""The audit trail of what one person does alone: who changed what about terminals and outlets, and from what to what; who
imported a file, ran a reconciliation, took an order for a channel or sent orders back.

Money has its ledger, decisions of two people have their approvals, changes of staff their own chain (staff/trail.py).
What runs unattended signs in too, as a service account of its own (``accounts.SERVICE``).
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Any

from cardsvc.service.staff.accounts import SERVICE
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff, StaffAct
from cardsvc.text import Text

MOST = 1000
BOOKKEEPERS = ("cashier", "supervisor", "auditor", SERVICE)
"""Who may import files, reconcile, and send orders back whose time is over."""


@unique
class Act(StrEnum):
    """What was done: the code that is kept, and its words."""

    words: Text

    def __new__(cls, code: str, zh: str = "", en: str = "") -> "Act":
        """An act with its words."""
        act = str.__new__(cls, code)
        act._value_ = code
        act.words = Text(zh, en)
        return act

    OUTLET_ADD = "outlet_add", "新设网点", "outlet added"
    TERMINAL_REGISTER = "terminal_register", "登记终端", "terminal registered"
    TERMINAL_SUSPEND = "terminal_suspend", "停用终端", "terminal suspended"
    TERMINAL_ENABLE = "terminal_enable", "启用终端", "terminal enabled"
    TERMINAL_LIMIT = "terminal_limit", "设定终端限额", "limits of a terminal set"
    TERMINAL_CERTIFICATE = "terminal_certificate", "绑定终端证书", "certificate of a terminal bound"
    TERMINAL_ROTATE = "terminal_rotate", "终端换钥", "next key of a terminal registered"
    TERMINAL_RETIRE = "terminal_retire", "终端旧钥作废", "key of a terminal retired"
    BATCH_IMPORT = "batch_import", "导入文件", "file imported"
    RECONCILE_RUN = "reconcile_run", "对账", "reconciliation run"
    ORDER_CREATE = "order_create", "代收补登订单", "order taken for a channel"
    ORDER_RETURN = "order_return", "退回补登订单", "order sent back"
    HANDOUT_REMIND = "handout_remind", "再通知领卡", "told again that the card waits"
    HANDOUT_EARLY = "handout_early", "未到卡先发放", "card given before it arrived"
    CARDS_SEND = "cards_send", "送卡", "cards sent to another outlet"
    CARDS_RECEIVE = "cards_receive", "收卡点数", "cards from another outlet counted"
    CARD_ARRIVE = "card_arrive", "到卡", "card counted in"
    CARD_FOUND = "card_found", "没送到的卡找到", "missing card found"
    CARD_GIVE_UP = "card_give_up", "没送到的卡作废重做", "missing card given up"
    CARD_EXPLAIN = "card_explain", "多出的卡查明", "surplus card explained"
    CARD_OWNER = "card_owner", "接手查找", "search taken over"
    PHOTO_DELETE = "photo_delete", "删除照片", "photos deleted"
    REQUEST_DELETE = "request_delete", "删除已撤销的申领", "withdrawn application deleted"


FIELD_NAMES: Mapping[str, Text] = {
    "name": Text("名称", "name"),
    "place": Text("地点", "place"),
    "operator": Text("运营单位", "operator"),
    "outlet_id": Text("网点", "outlet"),
    "terminal_id": Text("终端编号", "terminal id"),
    "terminal_no": Text("终端号", "terminal number"),
    "role": Text("角色", "role"),
    "state": Text("状态", "state"),
    "type": Text("类型", "type"),
    "created_at": Text("登记时间", "registered at"),
    "signed_on": Text("已签到", "signed on"),
    "largest_load": Text("单笔最高", "largest load"),
    "daily_loads": Text("每日笔数", "loads a day"),
    "daily_amount": Text("每日总额", "amount a day"),
    "operations": Text("允许的业务", "kinds it may ask for"),
    "requests_per_minute": Text("每分钟请求数", "requests a minute"),
    "certificate": Text("证书", "certificate"),
    "key": Text("公钥", "public key"),
    "key_id": Text("密钥号", "key id"),
    "algorithm": Text("算法", "algorithm"),
    "public_key": Text("公钥", "public key"),
    "file": Text("文件", "file"),
    "records": Text("记录数", "records"),
    "spending": Text("运营单位", "operator"),
    "channel": Text("渠道", "channel"),
    "terminal": Text("终端", "terminal"),
    "day": Text("日期", "day"),
    "card_no": Text("卡号", "card"),
    "amount": Text("金额", "amount"),
    "papers": Text("看过的证件", "papers that were shown"),
    "reminders": Text("第几次通知", "times told again"),
    "photos": Text("照片数", "photos"),
    "rule": Text("规则", "rule"),
    "reason": Text("原因", "why"),
    "bag": Text("袋号", "bag"),
    "consignment": Text("送卡单", "consignment"),
    "to": Text("送到", "sent to"),
    "cards": Text("卡数", "cards"),
    "missing": Text("没到", "missing"),
    "surplus": Text("多出", "too many"),
    "person": Text("其人也一并删除", "the person was deleted too"),
}
IN_FEN = frozenset({"amount", "largest_load", "daily_amount"})


def note_act(
    uow: UnitOfWork, by: Staff | None, act: Act, subject: str, changes: Mapping[str, Any], now: dt.datetime
) -> StaffAct:
    """Keep an act, in the transaction that does it. ``changes`` holds no secret."""
    who = by.staff_id if by else None
    return uow.staff_acts.add(StaffAct(str(uuid.uuid4()), now, who, act.value, subject, dict(changes)))


def acts_view(
    store: Store, *, subject: str | None = None, staff_id: str | None = None, limit: int = MOST
) -> list[dict[str, Any]]:
    """What was done, newest first: to one thing, by one person, or all. ``staff_id`` None: at set-up."""
    with store.read() as uow:
        return [
            {
                "act_id": act.act_id,
                "done_at": act.done_at.isoformat(),
                "staff_id": act.staff_id,
                "act": act.act,
                "subject": act.subject,
                "changes": act.changes,
            }
            for act in uow.staff_acts.latest(subject, staff_id, limit)
        ]
