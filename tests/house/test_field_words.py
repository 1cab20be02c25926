"""What is wrong with a field is said in Chinese too, without its value, whatever pydantic calls it."""

import datetime as dt
from typing import Literal, get_args

import pytest
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import core_schema

from cardsvc.errors.fields import CHINESE, FieldsError, reasons
from cardsvc.service.purse.payments import Payment

SECRET = "31415926"


class _Form(BaseModel, extra="forbid"):
    number: int = Field(default=1, ge=1, le=9)
    word: str = Field(default="ab", min_length=2, max_length=3, pattern="^[a-z]*$")
    day: dt.date = dt.date(2026, 1, 1)
    kind: Literal["a", "b"] = "a"
    items: tuple[int, ...] = Field(default=(), max_length=2)


@pytest.mark.parametrize(
    ("values", "zh", "en"),
    [
        ({"number": SECRET}, "number：不得大于 9", "number: Input should be less than or equal to 9"),
        ({"number": f"x{SECRET}"}, "number：应是整数", "number: Input should be a valid integer"),
        ({"word": SECRET}, "word：最多 3 个字符", "word: String should have at most 3 characters"),
        ({"word": "A1"}, "word：写法应为 ^[a-z]*$", "word: String should match pattern"),
        ({"day": SECRET[:4]}, "day：应是日期", "day: "),
        ({"kind": SECRET}, "kind：应是 'a' 或 'b'", "kind: Input should be 'a' or 'b'"),
        ({"items": (1, 2, 3)}, "items：最多 2 项", "items: Tuple should have at most 2 items"),
        ({"stranger": SECRET}, "stranger：没有这一项", "stranger: Extra inputs are not permitted"),
        ({"number": 0, "word": "a"}, "number：不得小于 1；word：至少 2 个字符", "number: Input should be greater than"),
    ],
)
def test_each_is_told_in_both_languages(values: dict[str, object], zh: str, en: str) -> None:
    """And the value is told in neither."""
    with pytest.raises(ValidationError) as caught:
        _Form.model_validate(values)
    told = reasons(caught.value)
    assert told.zh.startswith(zh)
    assert told.en.startswith(en)
    assert SECRET not in told.zh + told.en


def test_what_fields_say_together_is_told_as_the_model_says_it() -> None:
    """Without pydantic's "Value error"."""
    with pytest.raises(ValidationError) as caught:
        Payment(method="mobile")
    told = reasons(caught.value)
    assert (told.zh, told.en) == (
        "参数：现金以外的付款要有付款凭证号",
        "params: a payment that is not in cash needs its reference",
    )
    assert str(FieldsError("甲", "one")) == "one"


def test_every_type_of_error_is_pydantics() -> None:
    """A type that pydantic no longer has would stand here for nothing."""
    assert set(CHINESE) <= set(get_args(core_schema.ErrorType))
