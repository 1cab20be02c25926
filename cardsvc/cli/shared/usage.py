"""What the library of the command line says itself, in Chinese: headings of ``--help``, and what is wrong with a command.

Click asks gettext for its words, and gettext goes by the locale of the machine and by compiled files; the language here is
CARDSVC_LANG. So the name by which click's modules call gettext is put to this table.
"""

from collections.abc import Mapping
from types import ModuleType

import click
from click import types

from cardsvc.text import language_of_environment

CHINESE = {
    "Usage:": "用法:",
    "Options": "选项",
    "Commands": "命令",
    "Positional arguments": "参数",
    "Show this message and exit.": "显示本说明。",
    "default: {default}": "默认：{default}",
    "required": "必填",
    "env var: {var}": "环境变量：{var}",
    "Missing command.": "缺少子命令",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing {param_type}": "缺少 {param_type}",
    "Missing parameter: {param_name}": "缺少参数 {param_name}",
    "Choose from:\n\t{choices}": "可选：\n\t{choices}",
    "No such option {name!r}.": "没有选项 {name}",
    "No such command {name!r}.": "没有命令 {name}",
    "Did you mean {possibility}?": "是不是 {possibility}？",
    "Did you mean one of: {possibilities}?": "是不是其中之一：{possibilities}？",
    "Invalid value: {message}": "值不对：{message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} 的值不对：{message}",
    "Got unexpected extra argument ({args})": "多出参数 {args}",
    "Got unexpected extra arguments ({args})": "多出参数 {args}",
    "Option {name!r} does not take a value.": "选项 {name} 不带值",
    "Option {name!r} requires an argument.": "选项 {name} 要带一个值",
    "Argument {name!r} takes {nargs} values.": "参数 {name} 要 {nargs} 个值",
    "{value!r} is not {choice}.": "{value} 不是 {choice}",
    "{value!r} is not one of {choices}.": "{value} 不是其中之一：{choices}",
    "{value!r} is not a valid {number_type}.": "{value} 不是数（{number_type}）",
    "{value} is not in the range {range}.": "{value} 不在 {range} 之内",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    "{name} {filename!r} does not exist.": "没有这个{name}：{filename}",
    "{name} {filename!r} is a file.": "{name} {filename} 是文件",
    "{name} {filename!r} is a directory.": "{filename} 是文件夹，不是{name}",
    "{name} {filename!r} is not readable.": "读不了{name} {filename}",
    "{name} {filename!r} is not writable.": "写不了{name} {filename}",
}


KINDS: Mapping[str, str] = {"text": "文字", "integer": "整数", "integer range": "整数", "float": "数", "datetime": "时间"}
"""Kinds of values, as help and refusals name them."""


def _said(words: str) -> str:
    return CHINESE.get(words, words)


def _counted(one: str, many: str, number: int) -> str:
    return _said(one if number == 1 else many)


def speak(*modules: ModuleType) -> None:
    """Let these modules of click say their words in the language of this terminal."""
    if language_of_environment() != "zh":
        return
    for module in modules:
        for name, ours in (("_", _said), ("ngettext", _counted)):
            if hasattr(module, name):
                setattr(module, name, ours)
    for kind in (types.StringParamType, types.IntParamType, types.IntRange, types.FloatParamType, types.DateTime):
        kind.name = KINDS.get(kind.name, kind.name)


def speak_here() -> None:
    """All of click that a person meets."""
    speak(click.core, click.decorators, click.exceptions, click.formatting, click.parser, click.types)
