"""What is wrong with the fields of a parameter set or a data file, in both languages, and never with their values.

Pydantic says it in English; the Chinese goes by its type of error. What several fields say together, a model says itself with
``FieldsError``.
"""

from collections.abc import Callable

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cardsvc.text import Text, joined

CHINESE = {
    "missing": "缺少",
    "extra_forbidden": "没有这一项",
    "none_required": "应空着",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不得小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不得大于 {le}",
    "multiple_of": "应是 {multiple_of} 的倍数",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "string_type": "应是文字",
    "string_unicode": "应是 UTF-8 文字",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符",
    "string_pattern_mismatch": "写法应为 {pattern}",
    "enum": "应是 {expected}",
    "literal_error": "应是 {expected}",
    "bool_type": "应是 true 或 false",
    "bool_parsing": "应是 true 或 false",
    "int_type": "应是整数",
    "int_parsing": "应是整数",
    "int_parsing_size": "数太大",
    "int_from_float": "应是整数",
    "float_type": "应是数",
    "float_parsing": "应是数",
    "date_type": "应是日期",
    "date_parsing": "应是日期，写作 2026-12-31",
    "date_from_datetime_parsing": "应是日期，写作 2026-12-31",
    "date_from_datetime_inexact": "应是日期，不带时刻",
    "datetime_type": "应是日期和时刻",
    "datetime_parsing": "应是日期和时刻",
    "time_type": "应是时刻",
    "time_parsing": "应是时刻，写作 08:30",
    "dict_type": "应是一张表",
    "model_type": "应是一张表",
    "model_attributes_type": "应是一张表",
    "list_type": "应是列表",
    "tuple_type": "应是列表",
    "uuid_type": "应是 UUID",
    "uuid_parsing": "应是 UUID",
    "url_type": "应是网址",
    "url_parsing": "应是网址",
    "url_scheme": "网址应以 {expected_schemes} 开头",
    "json_invalid": "不是 JSON",
}
NOT_JSON = Text("不是 JSON 的值", "not JSON values")
Place = Callable[[tuple[int | str, ...]], Text]
"""How the place of a field is told."""


class FieldsError(ValueError):
    """What is wrong with fields that do not go together. Raised in a model's validator."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


def reasons(error: Exception, place: Place | None = None) -> Text:
    """What is wrong, field by field. ``place``: how the place of a field is told, ``outer.inner`` if not given."""
    if not isinstance(error, ValidationError):
        return NOT_JSON
    return joined(_problem(one, place or _dotted) for one in error.errors(include_url=False, include_input=False))


def _dotted(place: tuple[int | str, ...]) -> Text:
    name = ".".join(map(str, place))
    return Text(name or "参数", name or "params")


def _problem(problem: ErrorDetails, place: Place) -> Text:
    where, what = place(problem["loc"]), _what(problem)
    return Text(f"{where.zh}：{what.zh}", f"{where.en}: {what.en}")


def _what(problem: ErrorDetails) -> Text:
    """By the type of the error; an error of our own says itself."""
    context = problem.get("ctx", {})
    if isinstance(context.get("error"), FieldsError):
        text: Text = context["error"].text
        return text
    chinese = CHINESE.get(problem["type"])
    return Text(chinese.format_map(context).replace(" or ", " 或 ") if chinese else problem["msg"], problem["msg"])
