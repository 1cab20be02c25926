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
    return Text(shown, shown)


def told(key: str, value: Value) -> Text:
    """Name and value as one phrase."""
    name, shown = name_of(key), value_of(key, value)
    return Text(f"{name.zh} {shown.zh}", f"{name.en}{'' if isinstance(value, int) else ':'} {shown.en}")
