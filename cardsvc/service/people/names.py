"""A person's name, and the name on the chip (芯片姓名) of somebody whose name the chip's field cannot hold.

The register, pages and the card's face have the name as the ID card has it. The chip's field takes 30 bytes of GBK
(card/holder.py), so a name with other characters, or a longer one, has a second form: characters that GBK has stay, each other
one becomes its pinyin in capitals, as offices write such names, and what does not fit any more is left out at the end. A clerk
sees the proposal and corrects it; which letters are right only the person can tell, so the rule checks everything but them.
"""

import re

NAME_BYTES, NAME_CHARACTERS = 30, 30
LONGEST_PINYIN = 6
DOTS = "·•・･‧∙⋅●．﹒"
_DOT = re.compile(rf"\s*[{DOTS}]\s*|(?<=[^\x00-\x7f])\s*\.\s*(?=[^\x00-\x7f])")


def one_dot(name: str) -> str:
    """A name with the one dot of GB 18030 between its parts (阿依·古丽), whichever of the signs like it was typed."""
    return _DOT.sub("·", name)


def in_gbk(text: str) -> bool:
    """Whether GBK has every character."""
    try:
        text.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def fits_chip(name: str) -> bool:
    """Whether the chip carries this name as it is."""
    return in_gbk(name) and len(name.encode("gbk")) <= NAME_BYTES


def proposed_chip_name(name: str) -> str:
    """The name on the chip by the rule; a character whose pinyin nobody knows is left for the clerk to write."""
    made = ""
    for character in name:
        part = character if in_gbk(character) else _pinyin(character)
        if len((made + part).encode("gbk")) > NAME_BYTES:
            break
        made += part
    return made


def _pinyin(character: str) -> str:
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - a third of a second, for one name in some thousand

    return "".join(lazy_pinyin(character, errors="ignore", v_to_u=False)).upper()


def name_problem(name: str) -> str | None:
    """Why a name is none, in one word of REASONS."""
    if not name.strip():
        return "missing"
    if not re.fullmatch(r"[^\x00-\x1f]+", name):
        return "control_character"
    return "longer_than_30_characters" if len(name) > NAME_CHARACTERS else None


def chip_name_problem(name: str, chip_name: str | None) -> str | None:
    """Why a name on the chip does not belong to this name, in one word of REASONS."""
    if fits_chip(name):
        return "chip_name_not_needed" if chip_name is not None else None
    if not chip_name:
        return "chip_name_needed"
    if not in_gbk(chip_name):
        return "not_in_gbk"
    length = len(chip_name.encode("gbk"))
    if length > NAME_BYTES:
        return "longer_than_30_bytes"
    pattern = [re.escape(one) if in_gbk(one) else "[A-Za-z]+" for one in name]
    cut = NAME_BYTES - length < LONGEST_PINYIN
    whole = range(1 if cut else len(pattern), len(pattern) + 1)
    return None if any(re.fullmatch("".join(pattern[:end]), chip_name) for end in whole) else "chip_name_differs"
