"""The columns of a file of people: what they may be called, and how each field is read.

name          as on the ID card
chip_name     for a name that the chip cannot hold (names.py), and only then
id_number     18 characters with their check character
sex           optional, by the 17th digit of the ID number: odd male, even female
birth_date    optional, by the ID number
birthplace    optional, the ID number's first six digits
ethnic_group  optional, 01 (as ``cardsvc citizen register`` has it), or what is registered
address       optional, read past and not kept: no card carries it
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cardsvc.service.people.names import chip_name_problem, name_problem, one_dot
from cardsvc.service.people.reasons import BadLine
from cardsvc.service.people.register import ETHNIC_GROUPS, number_problem

ALIASES: Mapping[str, str] = {
    "姓名": "name",
    "芯片姓名": "chip_name",
    "身份证号": "id_number",
    "身份证号码": "id_number",
    "公民身份号码": "id_number",
    "证件号码": "id_number",
    "性别": "sex",
    "民族": "ethnic_group",
    "出生地": "birthplace",
    "行政区划": "birthplace",
    "出生日期": "birth_date",
    "地址": "address",
    "住址": "address",
}
COLUMNS = ("name", "chip_name", "id_number", "sex", "ethnic_group", "birthplace", "birth_date", "address")
REQUIRED = ("name", "id_number")
SEXES = {"男": 1, "女": 2, "0": 0, "1": 1, "2": 2, "9": 9}
_GROUPS = (
    "汉 蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家 哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 "
    "东乡 纳西 景颇 柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌 普米 塔吉克 怒 乌孜别克 俄罗斯 "
    "鄂温克 德昂 保安 裕固 京 塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺"
)
GROUPS: Mapping[str, int] = {name: number for number, name in enumerate(_GROUPS.split(), start=1)}
"""GB 3304, names without 族."""
HAN = 1


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person as a line of the file has them. ``given``: the columns that the line filled in, the others are derived."""

    line: int
    name: str = field(repr=False)
    chip_name: str | None = field(repr=False)
    id_number: str = field(repr=False)
    sex: int = field(repr=False)
    ethnic_group: int = field(repr=False)
    birthplace: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    given: frozenset[str] = frozenset()


def person_line(line: int, fields: Mapping[str, str], today: dt.date) -> PersonLine | list[BadLine]:
    """The person of a line, or everything that is wrong with it."""
    number, name, chip_name = fields["id_number"].upper(), one_dot(fields["name"]), one_dot(fields.get("chip_name", "")) or None
    sex, group = fields.get("sex", ""), fields.get("ethnic_group", "").removesuffix("族")
    region, born_text = fields.get("birthplace", ""), fields.get("birth_date", "")
    checks = {
        "name": name_problem(name),
        "chip_name": chip_name_problem(name, chip_name) if not name_problem(name) else None,
        "id_number": number_problem(number),
        "sex": None if not sex or sex in SEXES else "not_a_sex",
        "ethnic_group": None if not group or _group(group) else "not_an_ethnic_group",
        "birthplace": None if not region or re.fullmatch(r"[0-9]{6}", region) else "not_a_region",
    }
    wrong = [BadLine(line, column, reason) for column, reason in checks.items() if reason]
    if checks["id_number"]:
        return wrong
    born = _born(line, number, born_text, today)
    if isinstance(born, BadLine) or wrong:
        return [*wrong, *([born] if isinstance(born, BadLine) else [])]
    return PersonLine(
        line=line,
        name=name,
        chip_name=chip_name,
        id_number=number,
        sex=SEXES[sex] if sex else 2 - int(number[16]) % 2,
        ethnic_group=_group(group) or HAN,
        birthplace=region or number[:6],
        birth_date=born,
        given=frozenset(column for column, value in fields.items() if value),
    )


def _group(text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,2}", text):
        return GROUPS.get(text)
    code = int(text)
    return code if 1 <= code <= ETHNIC_GROUPS or code in (97, 98) else None


def _born(line: int, number: str, given: str, today: dt.date) -> dt.date | BadLine:
    """The birth date that the line gives, else the ID number's."""
    inside = date_of(number[6:14])
    if not given:
        if inside is None:
            return BadLine(line, "id_number", "no_such_birth_date")
        return inside if inside <= today else BadLine(line, "id_number", "in_the_future")
    told = date_of(given)
    if told is None:
        return BadLine(line, "birth_date", "not_a_date")
    if told > today:
        return BadLine(line, "birth_date", "in_the_future")
    return told if inside in (None, told) else BadLine(line, "birth_date", "differs_from_id_number")


def date_of(text: str) -> dt.date | None:
    """YYYYMMDD, YYYY-MM-DD, or YYYY/M/D as spreadsheets write it."""
    found = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})|([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", text)
    if not found:
        return None
    try:
        return dt.date(*(int(part) for part in found.groups() if part))
    except ValueError:
        return None
