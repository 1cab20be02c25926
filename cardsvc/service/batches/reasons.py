"""What is wrong with a line of a file, in words. Files and JSON keep one word for it; people are told a sentence."""

import re
from collections.abc import Mapping

from cardsvc.text import Text

REASONS: Mapping[str, Text] = {
    "not_csv": Text("这一行不是 CSV（引号不成对）", "the line is not CSV (a quotation mark without its other one)"),
    "too_long": Text("太长", "is too long"),
    "not_an_amount_in_fen": Text("应为金额：整数，单位分，最多 10 位", "must be an amount: whole fen, at most 10 digits"),
    "amount_out_of_range": Text("金额是零，或太大", "is zero, or too much"),
    "not_a_time": Text("应为当地时间 YYYYMMDDhhmmss，且确有其时", "must be a local time that exists, YYYYMMDDhhmmss"),
    "not_a_counter": Text("应为卡的脱机序号：0 到 65534", "must be the card's offline counter, 0 to 65534"),
    "not_this_operator": Text("不是命令里给的运营单位", "is not the operator given on the command line"),
    "not_12_hex_digits": Text("应为 12 个十六进制数字", "must be 12 hex digits"),
    "not_8_hex_digits": Text("应为 8 个十六进制数字", "must be 8 hex digits"),
    "not_16_digits": Text("应为 16 位数字", "must be 16 digits"),
    "not_an_application": Text("应为 purse、bus 或 parking", "must be purse, bus or parking"),
    "not_ep_or_ed": Text("应为 ep 或 ed", "must be ep or ed"),
    "not_05_06_or_09": Text("应为 05、06 或 09", "must be 05, 06 or 09"),
    "not_a_type_of_this_purse": Text(
        "和 purse 一列不符：05 是 ed，06、09 是 ep", "does not fit the purse: 05 is ed, 06 and 09 are ep"
    ),
    "not_a_reference": Text("应为凭证号：可见字符，长度有限", "must be a reference: visible characters, of limited length"),
    "not_a_result": Text("应为 written、not_written 或 unknown", "must be written, not_written or unknown"),
    "not_a_code": Text("应为小写字母、数字、横线，最多 32 个", "must be small letters, digits, hyphens, at most 32"),
}


def reason_in_words(reason: str) -> Text:
    """The sentence for a word."""
    fields = re.fullmatch(r"(\d+)_fields_instead_of_(\d+)", reason)
    if fields:
        return Text(f"有 {fields[1]} 列，应为 {fields[2]} 列", f"{fields[1]} fields, must be {fields[2]}")
    return REASONS[reason]
