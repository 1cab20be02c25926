"""``cardsvc doctor``: what is wrong with this machine's deployment, and how to mend it. Nothing is changed."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from cardsvc.cli.machine import here
from cardsvc.cli.machine.doctor_hsm import hsm_checks
from cardsvc.cli.machine.doctor_printer import printer_checks
from cardsvc.cli.machine.here import GIGABYTE, Machine, Unwell
from cardsvc.cli.shared.output import json_option, show, t, table


class Finding(NamedTuple):
    """One check: what was looked at, whether it is well, what was seen, and the cure where it is not."""

    check: str
    ok: bool
    note: str
    cure: str = ""


@click.command(
    help=t(
        "检查本机：读卡器、权限、时钟、字体、磁盘、密钥文件、数据库、密钥库、配置；有问题给出办法",
        "Readers, rights, clock, fonts, disk, key files, database, key store, profiles; and the cure of what is wrong",
    )
)
@click.option("--user", default=None, help=t("服务用户，默认当前用户", "The service's user; you by default"))
@click.option("--min-free", default=1.0, show_default=True, help=t("磁盘至少剩多少 GB", "Room that disks must have, GB"))
@click.option(
    "--root",
    default="/",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=t("检查另一套系统文件（如镜像）", "Look at another system's files (an image)"),
)
@click.option("--face-queue", default=None, help=t("卡面打印机的 CUPS 队列", "The card printer's CUPS queue"))
@json_option
def doctor(user: str | None, min_free: float, root: Path, face_queue: str | None, *, as_json: bool) -> int:
    """Check the deployment; exit code 1 when something is wrong."""
    subject = Machine(root, user or here.own_name(), int(min_free * GIGABYTE))
    findings = [_one(name, check, subject) for name, check in (*_CHECKS, *hsm_checks(), *printer_checks(face_queue))]
    mark = {True: t("正常", "ok"), False: t("有问题", "wrong")}
    show([finding._asdict() for finding in findings], as_json=as_json, lines=lambda: _lines(findings, mark))
    return 0 if all(finding.ok for finding in findings) else 1


def _lines(findings: list[Finding], mark: dict[bool, str]) -> list[str]:
    """The checks, then the cures of those that are not well."""
    cures = [f"{finding.check}: {finding.cure}" for finding in findings if finding.cure]
    return [*table([(f.check, mark[f.ok], f.note) for f in findings]), *([t("办法：", "Cures:"), *cures] if cures else [])]


def _one(name: str, check: Callable[[Machine], str], subject: Machine) -> Finding:
    """One check, alone: a failing one is a finding, not the end."""
    from cardsvc.errors import CardsvcError
    from cardsvc.text import language_of_environment

    language = language_of_environment()
    try:
        return Finding(name, True, check(subject))
    except Unwell as unwell:
        return Finding(name, False, unwell.note, unwell.cure)
    except CardsvcError as error:
        return Finding(name, False, error.message(language), error.next_step.into(language))
    except (OSError, ImportError) as error:
        return Finding(name, False, str(error), _cure_of(name))


def _cure_of(name: str) -> str:
    """For what fails without a code of ours."""
    if name == VPCD:
        return t(
            "训练用虚拟读卡器：sudo apt install vsmartcard-vpcd pcscd；不用可不理",
            "for training: sudo apt install vsmartcard-vpcd pcscd",
        )
    return t("检查文件权限和安装是否完整", "check the rights of its files, and that the installation is whole")


def _clock(_subject: Machine) -> str:
    from cardsvc.bootstrap import now
    from cardsvc.config import Settings
    from cardsvc.store import open_store

    store = open_store(Settings().database_url, create=False)
    try:
        with store.read() as uow:
            waiting = uow.nonces.forgotten_after(now())
        database = store.clock()
        return here.clock_drift(now(), database, waiting)
    finally:
        store.close()


def _disk(subject: Machine) -> str:
    from cardsvc.config import Settings
    from cardsvc.store import sqlite_file

    settings = Settings()
    folders = [settings.keystore.parent]
    database = sqlite_file(settings.database_url)
    if database is not None:
        folders.append(database.parent)
    return here.disk(subject, folders)


def _secrets(subject: Machine) -> str:
    from cardsvc.config import Settings

    settings = Settings()
    receipts = settings.receipt_key or settings.keystore.with_name("receipts.pem")
    files = (settings.keystore, receipts, settings.passphrase_file, settings.metrics_token_file, settings.tls_key)
    return here.secrets(subject, [file for file in files if file is not None])


def _readers(_subject: Machine) -> str:
    from cardsvc.readers.directory import list_readers

    return ", ".join(reader.name for reader in list_readers()) or t("没有读卡器", "no readers")


def _vpcd(_subject: Machine) -> str:
    with socket.create_connection(("127.0.0.1", 35963), timeout=1):
        return "35963"


def _profiles(_subject: Machine) -> str:
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings

    return ", ".join(profile.id for profile in load_profiles(Settings().profiles))


def _rules(_subject: Machine) -> str:
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set

    return load_rule_set(Settings().rules).version


def _database(_subject: Machine) -> str:
    from cardsvc.config import Settings
    from cardsvc.store import open_store

    open_store(Settings().database_url, create=False).close()
    return t("版本正确", "of the right version")


def _keystore(_subject: Machine) -> str:
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


VPCD = t("虚拟读卡器 vpcd", "virtual reader vpcd")
_CHECKS: tuple[tuple[str, Callable[[Machine], str]], ...] = (
    (t("PC/SC 与读卡器", "PC/SC and readers"), _readers),
    (VPCD, _vpcd),
    (t("读卡器权限 polkit", "rights for readers (polkit)"), here.polkit),
    (t("固件配置", "firmware profiles"), _profiles),
    (t("规则", "rules"), _rules),
    (t("数据库", "database"), _database),
    (t("密钥库", "key store"), _keystore),
    (t("密钥与口令文件权限", "rights of key files"), _secrets),
    (t("时钟偏差", "clock drift"), _clock),
    (t("对时服务", "time service"), here.time_service),
    (t("字体", "fonts"), here.fonts),
    (t("磁盘空间", "disk space"), _disk),
)
