"""Faults that reading cannot show, with the reason; a diagnosis neither guesses them nor burns a try to find them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.vcard.catalog import FAULTS as CATALOG
from cardsvc.vcard.session import Key, KeyKind
from tests.diagnosis import pins
from tests.diagnosis.harm import used_up
from tests.diagnosis.patients import BUS, PURSE, Patient, change_key
from tests.world import ISSUABLE, profiles, rules

NO_TRIES = b"\x30"


@dataclass(frozen=True, slots=True)
class Unseen:
    """A fault, why it is not seen, and the families that can have it."""

    name: str
    zh: str
    why_zh: str
    why_en: str
    make: Callable[[Patient], None]
    families: tuple[str, ...] = ISSUABLE


def silent_about_tries(patient: Patient) -> None:
    """A family that wants a PIN for loads and is not known to tell the tries left."""
    dialect = copy.copy(patient.card.dialect)
    dialect.empty_verify = False
    patient.card.dialect = dialect
    knobs = {"pin_tries": None}
    changed = tuple(p.model_copy(update={"purse": p.purse.model_copy(update=knobs)}) for p in profiles())
    world = patient.world
    world.engine = Engine(world.store, world.keys, changed, RuleBook(rules()), KINDS, lambda: world.now)


def untold_key(patient: Patient) -> None:
    """Another load key than ours."""
    silent_about_tries(patient)
    change_key(patient.card, PURSE, KeyKind.LOAD, pins.VALUE, bytes(16))


def untold_pin(patient: Patient) -> None:
    """A locked PIN."""
    silent_about_tries(patient)
    change_key(patient.card, PURSE, KeyKind.PIN, Key.TRIES_OFFSET, NO_TRIES)


UNSEEN = (
    Unseen(
        "locked-master-key",
        "主控密钥锁死",
        *CATALOG["locked-key"].unseen or ("", ""),
        lambda p: change_key(p.card, BUS, KeyKind.MASTER, Key.TRIES_OFFSET, NO_TRIES),
    ),
    Unseen(
        "locked-line-key",
        "维护密钥锁死",
        "同上",
        "the same",
        lambda p: change_key(p.card, BUS, KeyKind.LINE, Key.TRIES_OFFSET, NO_TRIES),
    ),
    Unseen(
        "wrong-purchase-key",
        "消费密钥不对",
        "卡只在扣款成功后才用这个密钥给出证明；检测不动钱",
        "the card proves this key only by taking money, which a diagnosis does not do",
        lambda p: change_key(p.card, PURSE, KeyKind.PURCHASE, pins.VALUE, bytes(16)),
    ),
    Unseen(
        "wrong-bus-key",
        "公交月票充值密钥不对（充值验密码的卡型）",
        "每个应用都要另验一次密码；报告写明没有验证，下次月票充值时显出，钱不动",
        "each application would want a VERIFY of its own; the report says that it was not proven, the next month load shows it"
        ", and takes nothing",
        lambda p: change_key(p.card, BUS, KeyKind.LOAD, pins.VALUE, bytes(16)),
        ("watchdata",),
    ),
    Unseen(
        "bus-counter-at-maximum",
        "公交交易序号用完（充值验密码的卡型）",
        "同上：不开始充值就看不到序号；下次月票充值时卡拒绝，钱不动",
        "the same: only a begun load shows the counter; the card refuses the next month load, and no money moves",
        used_up(BUS),
        ("watchdata",),
    ),
    Unseen(
        "wrong-key-pin-untold",
        "充值密钥不对（充值验密码、又不告诉剩余次数的卡型）",
        "不验密码，卡就不证明充值密钥；不知道剩余次数就不验密码，免得用掉最后一次",
        "without VERIFY the card proves no load key, and where it does not tell its tries VERIFY may burn the last one",
        untold_key,
        ("watchdata",),
    ),
    Unseen(
        "locked-pin-untold",
        "充值密码锁死（同上的卡型）",
        "只有会告诉剩余次数的卡型（固件配置 purse.pin_tries）才看得见",
        "seen only on families that tell the tries left (profile: purse.pin_tries)",
        untold_pin,
        ("watchdata",),
    ),
)
