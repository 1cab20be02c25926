"""Evidence as people read it: names and values in words, money in yuan. JSON keeps keys, codes and fen beside them."""

from collections.abc import Mapping

from cardsvc.diagnosis.evidence import KEYS, Value, pattern_of
from cardsvc.diagnosis.table import Confidence
from cardsvc.text import Text
from cardsvc.units import format_yuan

CONFIDENCES: Mapping[Confidence, Text] = {
    "certain": Text("确定", "certain"),
    "likely": Text("很可能", "likely"),
    "possible": Text("有可能", "possible"),
}

_FIELDS: Mapping[str, Text] = {
    "id_number": Text("身份证号", "ID number"),
    "name": Text("姓名", "name"),
    "sex": Text("性别", "sex"),
    "ethnic_group": Text("民族", "ethnic group"),
    "birthplace": Text("出生地", "birthplace"),
    "birth_date": Text("出生日期", "birth date"),
    "card_id": Text("卡识别码", "card id"),
    "ss_card_no": Text("社保卡号", "social-security card number"),
}
"""Fields of the holder's files by the name that files.py gives them."""

_VALUES: Mapping[str, Text] = {
    "ok": Text("正常", "as recorded"),
    "differs": Text("与登记不同", "not as recorded"),
    "garbled": Text("损坏", "damaged"),
    "unwritten": Text("没有写过", "never written"),
    "short": Text("不完整", "too short"),
    "missing": Text("没有", "missing"),
    "unreadable": Text("读不出", "cannot be read"),
    "usable": Text("可用", "usable"),
    "blocked": Text("临时锁定", "blocked for a time"),
    "locked": Text("永久锁定", "blocked for good"),
    "refused": Text("卡拒绝", "refused"),
    "none": Text("没有登记", "not registered"),
    "not_opened": Text("未开通", "not opened"),
    "open": Text("已开通", "open"),
    "closed": Text("已关闭", "closed"),
    "right": Text("通过", "right"),
    "wrong": Text("不通过", "wrong"),
    "no_key": Text("没有这把密钥", "no such key"),
    "given": Text("有，未核对", "given, not checked"),
    "absent": Text("没有", "absent"),
    "contact": Text("插卡", "contacts"),
    "contactless": Text("感应", "antenna"),
}
_STATES: Mapping[str, Text] = {
    "blank": Text("空白卡", "blank"),
    "partial": Text("没做完", "half made"),
    "citizen": Text("市民卡", "citizen card"),
    "foreign": Text("别家的卡", "not a card of ours"),
    "legacy": Text("旧公交卡", "old bus card"),
    "locked": Text("整卡锁死", "blocked as a whole"),
    "dead": Text("芯片失灵", "dead"),
    "emptied": Text("内容被清空", "emptied"),
}
"""Of a card; other values that are words of the program, not of the card: ``_VALUES``."""


def name_of(key: str) -> Text:
    """What is told by a key of evidence."""
    return KEYS[pattern_of(key)].name


def value_of(key: str, value: Value) -> Text:
    """Its value; a dash where there is none."""
    if isinstance(value, bool):
        return Text("是", "yes") if value else Text("否", "no")
    if isinstance(value, list):
        words = [_FIELDS.get(word, Text(word, word)) for word in value]
        return Text("、".join(word.zh for word in words), ", ".join(word.en for word in words)) if words else Text("-", "-")
    if isinstance(value, int) and KEYS[pattern_of(key)].kind == "fen":
        return Text(f"{format_yuan(value)} 元", f"{format_yuan(value)} yuan")
    shown = "-" if value is None else str(value)
    return (_STATES if key == "card.state" else _VALUES).get(shown, Text(shown, shown))


def told(key: str, value: Value) -> Text:
    """Name and value as one phrase."""
    name, shown = name_of(key), value_of(key, value)
    return Text(f"{name.zh} {shown.zh}", f"{name.en}{'' if isinstance(value, int) else ':'} {shown.en}")
