"""Status words: names for those that decisions hang on, and a plain meaning for every one seen in the field.

Source: ISO/IEC 7816-4:2013 5.6; JR/T 0025.2-2010 (93xx, 94xx); Fudan FMCOS 2.0 general manual p49-50.
"""

from enum import IntEnum, unique

from cardsvc.text import Text


@unique
class SW(IntEnum):
    """Status words by name. What one means depends on the command it answers."""

    OK = 0x9000
    DATA_MAY_BE_CORRUPT = 0x6281
    END_OF_FILE = 0x6282
    SELECTED_FILE_INVALID = 0x6283
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    INVALID_STATE = 0x6901
    WRONG_FILE_TYPE = 0x6981
    SECURITY_STATUS = 0x6982
    BLOCKED = 0x6983
    CONDITIONS = 0x6985
    SM_MISSING = 0x6987
    SM_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NO_SPACE = 0x6A84
    WRONG_P1P2 = 0x6A86
    KEY_NOT_FOUND = 0x6A88
    WRONG_OFFSET = 0x6B00
    WRONG_INS = 0x6D00
    WRONG_CLA = 0x6E00
    MAC_WRONG = 0x9302
    LOCKED_FOR_GOOD = 0x9303
    NOT_ENOUGH_MONEY = 0x9401
    COUNTER_AT_MAXIMUM = 0x9402
    KEY_INDEX_NOT_SUPPORTED = 0x9403
    PROOF_NOT_AVAILABLE = 0x9406
    GREY_LOCKED = 0x9408


_MEANINGS: dict[int, Text] = {
    SW.OK: Text("成功", "success"),
    SW.DATA_MAY_BE_CORRUPT: Text("数据可能有误或从未写入", "data may be corrupt or was never written"),
    SW.END_OF_FILE: Text("文件比要读的短", "the file ends before the length asked for"),
    SW.SELECTED_FILE_INVALID: Text("所选应用已锁定或文件无效", "the selected application is blocked"),
    SW.MEMORY_FAILURE: Text("芯片存储器写入失败", "the chip's memory could not be written"),
    SW.WRONG_LENGTH: Text("长度错误", "wrong length"),
    SW.INVALID_STATE: Text("命令顺序不对", "the command does not fit the card's state"),
    SW.WRONG_FILE_TYPE: Text("文件类型不对", "wrong kind of file"),
    SW.SECURITY_STATUS: Text("权限不足", "security status not satisfied"),
    SW.BLOCKED: Text("密钥或密码已锁死", "key or PIN blocked"),
    SW.CONDITIONS: Text("使用条件不满足", "conditions of use not satisfied"),
    SW.SM_MISSING: Text("缺少安全报文 MAC", "secure-messaging MAC missing"),
    SW.SM_WRONG: Text("安全报文 MAC 错误", "secure-messaging MAC wrong"),
    SW.WRONG_DATA: Text("数据域错误", "wrong data"),
    SW.NOT_SUPPORTED: Text("不支持或卡已锁定", "not supported, or the card is locked"),
    SW.FILE_NOT_FOUND: Text("文件不存在", "file not found"),
    SW.RECORD_NOT_FOUND: Text("记录不存在", "record not found"),
    SW.NO_SPACE: Text("空间不足", "not enough memory"),
    SW.WRONG_P1P2: Text("参数错误或文件已存在", "wrong P1-P2, or the file exists"),
    SW.KEY_NOT_FOUND: Text("密钥不存在", "key not found"),
    SW.WRONG_OFFSET: Text("偏移超出文件", "offset outside the file"),
    SW.WRONG_INS: Text("指令不支持", "instruction not supported"),
    SW.WRONG_CLA: Text("类别不支持", "class not supported"),
    SW.MAC_WRONG: Text("MAC 错误", "MAC wrong"),
    SW.LOCKED_FOR_GOOD: Text("应用永久锁定", "application locked for good"),
    SW.NOT_ENOUGH_MONEY: Text("余额不足", "not enough money"),
    SW.COUNTER_AT_MAXIMUM: Text("交易序号已到上限", "transaction counter at its maximum"),
    SW.KEY_INDEX_NOT_SUPPORTED: Text("密钥索引不支持", "key index not supported"),
    SW.PROOF_NOT_AVAILABLE: Text("没有这笔交易的证明", "no proof of that transaction"),
    SW.GREY_LOCKED: Text("灰锁", "purse is grey-locked"),
    0x9407: Text("应用已锁定", "application is blocked"),
}
_KINDS: dict[int, Text] = {
    0x61: Text("成功，还有数据可取", "success, more data wait"),
    0x62: Text("警告，卡未改动", "warning, nothing changed"),
    0x63: Text("警告，卡已改动", "warning, the card changed"),
    0x64: Text("执行失败，卡未改动", "failed, nothing changed"),
    0x65: Text("执行失败，卡已改动", "failed, the card changed"),
    0x66: Text("安全方面的失败", "failed for security"),
    0x67: Text("长度错误", "wrong length"),
    0x68: Text("类别中的功能不支持", "function in the class not supported"),
    0x69: Text("现在不允许", "not allowed now"),
    0x6A: Text("参数错误", "wrong parameters"),
    0x6B: Text("参数错误", "wrong parameters"),
    0x6C: Text("应答长度不对", "wrong length of the answer"),
    0x6D: Text("指令不支持或无效", "instruction not supported or invalid"),
    0x6E: Text("类别不支持", "class not supported"),
    0x6F: Text("原因不明的失败", "failed for no given reason"),
}
"""By first byte, what the standard says of all of them.  Source: ISO/IEC 7816-4:2013, 5.6, table 5."""
UNKNOWN = Text("未知状态字", "unknown status word")
NO_STATUS = Text("不是状态字", "no status word")


def is_status(sw: int) -> bool:
    """Whether two bytes can be a status word: 61xx to 6Fxx, 9xxx; 60 asks for time.  Source: ISO/IEC 7816-3:2006, 10.3.3."""
    return sw >> 12 == 0x9 or 0x61 <= sw >> 8 <= 0x6F


def matches(sw: int, pattern: str) -> bool:
    """Whether a status word fits four hex digits, ``x`` standing for any digit: ``63Cx``, ``61xx``, ``9000``."""
    return all(wanted in ("x", seen) for seen, wanted in zip(f"{sw:04X}", pattern, strict=True))


def tries_left(sw: int) -> int | None:
    """The number of tries in a 63Cx answer, or None for any other status."""
    return sw & 0x0F if sw & 0xFFF0 == 0x63C0 else None


def describe(sw: int) -> Text:
    """What the status says, in both languages, always with the number itself."""
    left = tries_left(sw)
    if left is not None:
        return Text(f"63C{left:X} 不正确，还可再试 {left} 次", f"63C{left:X} wrong, {left} tries left")
    unlisted = _KINDS.get(sw >> 8, UNKNOWN if is_status(sw) else NO_STATUS)
    meaning = _MEANINGS.get(sw, unlisted)
    return Text(f"{sw:04X} {meaning.zh}", f"{sw:04X} {meaning.en}")
