"""What ``cardsvc doctor`` asks of an HSM, where the keys are in one."""

from collections.abc import Callable

from cardsvc.cli.machine.here import Machine
from cardsvc.cli.shared.output import t


def hsm_checks() -> tuple[tuple[str, Callable[[Machine], str]], ...]:
    """Where the keys are in an HSM: its module, token and PIN, threads and mechanisms."""
    from cardsvc.config import Settings

    settings = Settings()
    if settings.pkcs11_module is None:
        return ()
    from cardsvc.keystore.token import Token
    from cardsvc.keystore.token_check import check_mechanisms, check_threads

    token = Token(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin_file)

    def opens(_subject: Machine) -> str:
        soft = t("。软件令牌：不得用于正式发卡", ". SOFTWARE TOKEN: NOT FOR PRODUCTION ISSUING") if token.is_software else ""
        return f"{token.label}: {token.description}{soft}"

    def threads(_subject: Machine) -> str:
        return t("{} 次 MAC 全部正确", "{} MACs are right").format(check_threads(token))

    def mechanisms(_subject: Machine) -> str:
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
