"""What can be wrong with a line of a file of people, in one word for programs and in both languages for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cardsvc.errors import RequestError
from cardsvc.text import Language, Text

SHOWN = 20
"""Mistakes that the text of a refusal names; its details name all."""

REASONS: Mapping[str, Text] = {
    "missing": Text("没有填", "is empty"),
    "control_character": Text("含有控制字符", "has a control character"),
    "not_in_gbk": Text("有写不进芯片的字（GBK 里没有）", "has a character that cannot go onto the chip (not in GBK)"),
    "longer_than_30_characters": Text("超过 30 个字", "is longer than 30 characters"),
    "longer_than_30_bytes": Text(
        "超过芯片上的 30 个字节（15 个汉字）", "is longer than the chip's 30 bytes (15 Chinese characters)"
    ),
    "chip_name_needed": Text(
        "要填：姓名里有芯片写不进的字（GBK 里没有），或超过 30 个字节（15 个汉字）",
        "is needed: the name has a character that the chip cannot hold (not in GBK), or more than 30 bytes",
    ),
    "chip_name_not_needed": Text("不用填：姓名写得进芯片", "is not needed: the chip holds the name itself"),
    "chip_name_differs": Text(
        "与姓名对不上：写得进芯片的字照写，写不进的字换成大写拼音，太长的从末尾截去",
        "is not of this name: characters that the chip holds stay, each other one becomes its pinyin; cut at the end",
    ),
    "as_a_number": Text("被表格软件改成了数字，末几位已丢失", "was made a number by a spreadsheet; its last digits are lost"),
    "fifteen_digits": Text("是 15 位旧号码，卡上要 18 位", "is an old number of 15 digits; a card has 18"),
    "not_18_characters": Text("不是 18 位（17 位数字加校验位）", "is not 17 digits and a check character"),
    "check_digit": Text("校验位不对", "has a wrong check character"),
    "no_such_birth_date": Text("里的出生日期不存在，又没有出生日期列", "holds no day that exists, and no column gives it"),
    "not_a_date": Text("不是日期（YYYY-MM-DD）", "is no date (YYYY-MM-DD)"),
    "in_the_future": Text("在今天之后", "is after today"),
    "differs_from_id_number": Text("与身份证号里的不同", "differs from the one in the ID number"),
    "not_a_sex": Text("应为 男、女 或 GB/T 2261.1 代码", "must be 男, 女 or a code of GB/T 2261.1"),
    "not_an_ethnic_group": Text("不是 GB 3304 的民族名称或代码", "is no name or code of GB 3304"),
    "not_a_region": Text("不是 6 位行政区划代码", "is no region code of 6 digits"),
    "formula": Text("是公式，请粘贴为数值", "is a formula: paste it as a value"),
    "cell_error": Text("是出错的单元格", "is a cell with an error"),
    "line_too_long": Text("这一行太长", "the line is too long"),
    "not_csv": Text("这一行不是 CSV（引号不成对）", "the line is not CSV (a quotation mark without its other one)"),
    "too_many_columns": Text("列数比标题行多", "the line has more columns than the header"),
    "too_few_columns": Text("列数比标题行少", "the line has fewer columns than the header"),
    "same_as_line": Text("与另一行是同一个人，行号", "is the same person as line"),
    "contradicts_line": Text("与另一行同一时刻、内容不同，行号", "differs from a line of the same person and moment:"),
    "not_an_object": Text("不是 JSON 对象", "is no JSON object"),
    "unknown_field": Text("有不认识或重复的字段", "has a field that is not known or stands there twice"),
    "not_text": Text("应为文字", "must be text"),
    "not_a_word": Text("太长，或含有控制字符", "is too long or has a control character"),
    "ends_before_it_begins": Text("早于生效日期", "is before the right begins"),
    "not_a_moment": Text("不是时间（YYYY-MM-DDTHH:MM:SS）", "is no moment (YYYY-MM-DDTHH:MM:SS)"),
    "has_card": Text("已有有效的市民卡", "has a valid card already:"),
    "differs_from_register": Text("与已登记的不同", "differs from what is registered"),
    "not_for_the_card": Text("登记的数据写不进卡，先更正登记", "is registered in a way that cannot go onto a card"),
    "in_another_batch": Text("已在另一个批次里等着制卡", "waits for a card in another batch:"),
}

COLUMN_NAMES: Mapping[str, Text] = {
    "name": Text("姓名", "name"),
    "chip_name": Text("芯片姓名", "name on the chip"),
    "id_number": Text("身份证号", "ID number"),
    "sex": Text("性别", "sex"),
    "ethnic_group": Text("民族", "ethnic group"),
    "birthplace": Text("出生地", "birthplace"),
    "birth_date": Text("出生日期", "birth date"),
    "kind": Text("险种", "kind of insurance"),
    "place": Text("参保地", "place of insurance"),
    "right_from": Text("生效日期", "first day of the right"),
    "right_until": Text("终止日期", "last day of the right"),
    "changed_at": Text("变更时间", "moment of the change"),
    "": Text("", ""),
}


def field_wrong(name: str, reason: str) -> RequestError:
    """The refusal of one field of a person, by the name that people know it by, with what is wrong (one of REASONS)."""
    return RequestError("citizen_field_wrong", field=COLUMN_NAMES.get(name, Text(name, name)), why=REASONS[reason])


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with one line. ``column``: its name, empty for the line as a whole; ``detail``: which line, card, batch."""

    line: int
    column: str
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (str(self.line), self.column, self.reason, self.detail) if part)

    def into(self, language: Language) -> str:
        """As a person reads it."""
        column, reason = COLUMN_NAMES[self.column].into(language), REASONS[self.reason].into(language)
        if language == "zh":
            return f"第 {self.line} 行 {column}{reason}{' ' + self.detail if self.detail else ''}"
        return " ".join(part for part in (f"line {self.line}:", column, reason, self.detail) if part)


def lines_wrong(problems: Sequence[BadLine], named: Text | None = None) -> RequestError:
    """The refusal of a file, with the first mistakes in its text and every one in its details. ``named``: said in place of them
    where all stand beside it."""
    more = " ..." if len(problems) > SHOWN else ""
    first = problems[:SHOWN]
    zh, en = "；".join(problem.into("zh") for problem in first), "; ".join(problem.into("en") for problem in first)
    shown = Text(zh + more, en + more)
    return RequestError("bulk_lines_wrong", count=len(problems), lines=named or shown, problems=problems)
