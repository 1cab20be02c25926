"""``cardsvc doctor``: what is wrong with this machine's deployment, and how to mend it."""

import socket
from collections.abc import Callable
from typing import NamedTuple

import click

from cardsvc.cli.output import json_option, show, t, table


class Finding(NamedTuple):
    """One check: what was looked at, whether it is well, what was seen or what to do."""

    check: str
    ok: bool
    note: str


@click.command(
    help=t("检查本机部署：PC/SC、读卡器、虚拟读卡器、数据库、密钥库、配置", "PC/SC, readers, database, key store, profiles")
)
@json_option
def doctor(*, as_json: bool) -> int:
    """Check the deployment; exit code 1 when something is wrong."""
    findings = [_one(name, check) for name, check in (*_CHECKS, *_hsm_checks())]
    mark = {True: t("正常", "ok"), False: t("有问题", "wrong")}
    show(
        [finding._asdict() for finding in findings],
        as_json=as_json,
        lines=lambda: table([(f.check, mark[f.ok], f.note) for f in findings]),
    )
    return 0 if all(finding.ok for finding in findings) else 1


def _one(name: str, check: Callable[[], str]) -> Finding:
    """One check, alone: a failing one is a finding, not the end."""
    from cardsvc.errors import CardsvcError
    from cardsvc.text import language_of_environment

    try:
        return Finding(name, True, check())
    except CardsvcError as error:
        return Finding(name, False, error.message(language_of_environment()))
    except (OSError, ImportError) as error:
        return Finding(name, False, str(error))


def _readers() -> str:
    from cardsvc.readers.directory import list_readers

    return ", ".join(reader.name for reader in list_readers()) or t("没有读卡器", "no readers")


def _vpcd() -> str:
    with socket.create_connection(("127.0.0.1", 35963), timeout=1):
        return "35963"


def _profiles() -> str:
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings

    return ", ".join(profile.id for profile in load_profiles(Settings().profiles))


def _rules() -> str:
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set

    return load_rule_set(Settings().rules).version


def _database() -> str:
    from cardsvc.config import Settings
    from cardsvc.store import open_store

    open_store(Settings().database_url, create=False).close()
    return t("版本正确", "of the right version")


def _keystore() -> str:
    """Opens, and has every key that this version needs."""
    from cardsvc.bootstrap import lacking_keys, open_keystore
    from cardsvc.config import Settings
    from cardsvc.errors import KeystoreError

    settings = Settings()
    store = open_keystore(settings)
    lacking = lacking_keys(settings, store)
    if lacking:
        raise KeystoreError("key_missing", key=", ".join(lacking))
    return t(f"{len(store.entries)} 个密钥", "opens")


def _hsm_checks() -> "tuple[tuple[str, Callable[[], str]], ...]":
    """Where the keys are in an HSM: its module, token and PIN, threads and mechanisms."""
    from cardsvc.config import Settings

    settings = Settings()
    if settings.pkcs11_module is None:
        return ()
    from cardsvc.keystore.token import Token
    from cardsvc.keystore.token_check import check_mechanisms, check_threads

    token = Token(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin_file)

    def opens() -> str:
        soft = t("。软件令牌：不得用于正式发卡", ". SOFTWARE TOKEN: NOT FOR PRODUCTION ISSUING") if token.is_software else ""
        return f"{token.label}: {token.description}{soft}"

    def threads() -> str:
        return t("{} 次 MAC 全部正确", "{} MACs are right").format(check_threads(token))

    def mechanisms() -> str:
        present, absent = check_mechanisms(token)
        less = t("。没有（不必要）：", ". Not there, nor needed: ") + ", ".join(absent) if absent else ""
        memory = t(
            "。写卡时该卡的密钥、验 TAC 时该卡的 TAC 密钥短暂出现在本机内存",
            ". A card's keys are in this machine's memory while they are written to it, its TAC key while a TAC is checked",
        )
        return ", ".join(present) + less + memory

    return (
        (t("加密机令牌和 PIN", "HSM token and PIN"), opens),
        (t("加密机多线程", "HSM threads"), threads),
        (t("加密机机制", "HSM mechanisms"), mechanisms),
    )


_CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    (t("PC/SC 与读卡器", "PC/SC and readers"), _readers),
    (t("虚拟读卡器 vpcd", "virtual reader vpcd"), _vpcd),
    (t("固件配置", "firmware profiles"), _profiles),
    (t("规则", "rules"), _rules),
    (t("数据库", "database"), _database),
    (t("密钥库", "key store"), _keystore),
)
