"""``cardsvc keys``: the key store, a sealed file or the token of an HSM. No command ever prints a key."""

from typing import TYPE_CHECKING

import click

from cardsvc.cli.shared.output import json_option, listed, said, say, show, t, table

if TYPE_CHECKING:
    from cardsvc.config import Settings
    from cardsvc.keystore import ManagedKeyStore


@click.group(help=t("密钥库：新建、列表、录入、导入、换版、停用", "Key store: init, list, ceremony, import, roll, retire"))
def keys() -> None:
    """Group of key commands."""


def _opened() -> "ManagedKeyStore":
    from cardsvc.bootstrap import open_keystore
    from cardsvc.config import Settings

    return open_keystore(Settings())


def _place(settings: "Settings") -> str:
    """Where the keys are."""
    if settings.pkcs11_module is None:
        return str(settings.keystore)
    return t(f"令牌 {settings.pkcs11_token}", f"token {settings.pkcs11_token}")


@keys.command(help=t("新建密钥库，随机生成所有密钥", "Make a key store with random keys"))
def init() -> None:
    """Make a key store. The transport key of blanks begins as the factory's; ``ceremony transport`` replaces it."""
    from cardsvc.bootstrap import create_keystore
    from cardsvc.config import Settings

    settings = Settings()
    store = create_keystore(settings)
    place = _place(settings)
    click.echo(t(f"已建 {place}，{len(store.entries)} 个密钥", f"Made {place} with {len(store.entries)} keys"))


@keys.command(
    "import",
    help=t(
        "把密封文件（CARDSVC_KEYSTORE）里的所有密钥导入加密机令牌；中断后再运行一次即可",
        "Take all keys of the sealed file (CARDSVC_KEYSTORE) into the token of the HSM; broken off, run it again",
    ),
)
def import_() -> None:
    """Import the sealed file into the token."""
    from cardsvc.bootstrap import import_keys
    from cardsvc.config import Settings

    settings = Settings()
    count, place = len(import_keys(settings).entries), _place(settings)
    click.echo(t(f"{place} 现有 {count} 个密钥", f"The {place} has {count} keys now"))
    say(
        "用 cardsvc keys list 核对校验值；然后把密封文件离线保管，不要留在服务器上",
        "Compare the check values with cardsvc keys list; then keep the sealed file offline, not on this machine",
    )


@keys.command("list", help=t("列出密钥名称、版本、状态、校验值（不显示密钥）", "Names, versions, states and check values"))
@json_option
def list_(*, as_json: bool) -> None:
    """List keys."""
    entries = _opened().entries
    rows = [{"name": e.name, "version": e.version, "state": str(e.state), "check_value": e.check_value} for e in entries]
    head = (t("密钥", "Key"), t("版本", "Version"), t("状态", "State"), t("校验值", "Check value"))

    def lines() -> list[str]:
        from cardsvc.service.words.codes import KEY_STATES

        shown = [(e.name, str(e.version), said(KEY_STATES, str(e.state)), e.check_value) for e in entries]
        return table([head, *shown])

    show(rows, as_json=as_json, lines=lines)


@keys.command(help=t("密钥仪式：由两人以上分别录入分量，合成密钥的新版本", "Enter a key in components of two or more people"))
@click.argument("name")
@click.option("--people", default=2, show_default=True, type=click.IntRange(2, 5), help=t("人数", "Number of people"))
def ceremony(name: str, people: int) -> None:
    """Enter a key in components. Nobody types the components of a key that there is not."""
    from cardsvc.bootstrap import key_names
    from cardsvc.card.profiles import load_profiles
    from cardsvc.config import Settings
    from cardsvc.errors import KeystoreError

    store = _opened()
    if name not in (*key_names(load_profiles(Settings().profiles)), *store.versions()):
        raise KeystoreError("key_missing", key=name)
    _entered(store, name, people)


@keys.command(
    help=t(
        "补齐：列出本版本需要而密钥库缺少的密钥；--people 由两人以上逐个录入，--random 随机生成（仅用于开发）",
        "List the keys that this version needs and the store lacks; --people: enter them, --random: for development",
    )
)
@click.option("--people", type=click.IntRange(2, 5), help=t("录入人数", "Enter each in components of so many people"))
@click.option("--random", "at_random", is_flag=True, help=t("随机生成，仅用于开发", "Make them at random, for development"))
@json_option
def complete(*, people: int | None, at_random: bool, as_json: bool) -> None:
    """List, enter or make what an older key store lacks. A ceremony that is broken off goes on with the next key."""
    from cardsvc.bootstrap import add_random_keys, lacking_keys
    from cardsvc.config import Settings

    if people and at_random:
        raise click.UsageError(t("--people 与 --random 只能用一个", "Either --people or --random"))
    settings, store = Settings(), _opened()
    lacking = lacking_keys(settings, store)
    if at_random:
        add_random_keys(settings, store)
    for name in lacking if people else ():
        click.echo(f"{t('密钥', 'Key')} {name}", err=True)
        store = _entered(store, name, people or 2)
    added = at_random or people is not None
    word = t("已补", "added") if added else t("缺少", "lacking")
    nothing = t("密钥齐全", "Nothing is lacking")
    show(
        [{"name": name, "state": "added" if added else "lacking"} for name in lacking],
        as_json=as_json,
        lines=lambda: listed([(name, word) for name in lacking], nothing),
    )


def _entered(store: "ManagedKeyStore", name: str, people: int) -> "ManagedKeyStore":
    """The key store with a new version of a key, from the components that people enter one after the other."""
    from cardsvc.cli.shared.person import somebody_can_type
    from cardsvc.errors import KeystoreError, RequestError
    from cardsvc.keystore.ceremony import combine, component_check_value

    components = []
    for number in range(1, people + 1):
        prompt = t(
            f"第 {number} 位保管员的分量（32 个十六进制数字，不显示）",
            f"Component of custodian {number} (32 hex digits, hidden)",
        )
        try:
            component = bytes.fromhex(click.prompt(prompt, hide_input=somebody_can_type()))
        except ValueError:
            raise KeystoreError("component_wrong", reason="not hexadecimal") from None
        except click.Abort:
            if somebody_can_type():
                raise
            raise RequestError("components_not_typed") from None
        click.echo(f"{t('分量校验值', 'Check value of the component')}: {component_check_value(component)}")
        components.append(component)
    changed = store.renewed({name: combine(components)})
    _tell(changed, name)
    return changed


@keys.command(help=t("换版：随机生成新版本，旧版本只用于验证", "Roll: a new random version; the old one only verifies"))
@click.argument("name")
@json_option
def roll(name: str, *, as_json: bool) -> None:
    """Roll a key."""
    store = _opened()
    _tell(store.renewed({_known(store, name): None}), name, as_json=as_json)


@keys.command(help=t("停用某个密钥的某个版本", "Retire a version of a key"))
@click.argument("name")
@click.argument("version", type=int)
def retire(name: str, version: int) -> None:
    """Retire a version."""
    _opened().retired(name, version)
    click.echo(t(f"已停用 {name} 第 {version} 版", f"Retired version {version} of {name}"))


def _known(store: "ManagedKeyStore", name: str) -> str:
    from cardsvc.errors import KeystoreError

    if name not in store.versions():
        raise KeystoreError("key_missing", key=name)
    return name


def _tell(store: "ManagedKeyStore", name: str, *, as_json: bool = False) -> None:
    entry = max((e for e in store.entries if e.name == name), key=lambda e: e.version)
    line = f"{name} {t('版本', 'version')} {entry.version} {t('校验值', 'check value')} {entry.check_value}"
    show({"name": name, "version": entry.version, "check_value": entry.check_value}, as_json=as_json, lines=lambda: [line])
