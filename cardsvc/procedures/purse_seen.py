"""Which application of an unknown card is its city purse, by what the standards give one, and how sure that is."""

from dataclasses import dataclass
from typing import Literal

from cardsvc.card import purse as pboc
from cardsvc.procedures.learn import ApplicationSeen, Learned
from cardsvc.text import Text

Sign = Literal["name", "balance", "ef15", "log"]
SIGNS: dict[Sign, Text] = {
    "name": Text("名称是城市钱包的", "the name of a city purse"),
    "balance": Text("答电子钱包余额", "it tells an EP balance"),
    "ef15": Text("有公共应用信息文件 EF15", "EF15 (public application data)"),
    "log": Text("有交易明细 EF18", "EF18 (its log)"),
}
PURSE_NAMES = frozenset(bytes.fromhex(name) for name in ("A00000000386980701", "A00000000386980700", "A000000632010105"))
EF15, EF15_LENGTH = 0x15, 30
EF18 = 0x18


@dataclass(frozen=True, slots=True)
class PurseSeen:
    """The application, and what speaks for it."""

    application: ApplicationSeen
    signs: tuple[Sign, ...]

    @property
    def sure(self) -> Literal["certain", "likely", "possible"]:
        """Certain: the name and more; likely: the name alone, as of a blocked purse, or everything but the name."""
        if "name" in self.signs:
            return "certain" if len(self.signs) > 2 else "likely"
        return "likely" if len(self.signs) == len(SIGNS) - 1 else "possible"


def purse_seen(learned: Learned) -> PurseSeen | None:
    """The city purse, None where nothing looks like one."""
    seen = [PurseSeen(one, _signs(one)) for one in learned.applications if one.name]
    return max(
        (one for one in seen if one.signs),
        key=lambda one: ("name" in one.signs, len(one.signs), len(one.application.files)),
        default=None,
    )


def _signs(application: ApplicationSeen) -> tuple[Sign, ...]:
    """JR/T 0025.2-2010 5.2 (EF15, EP, log of 23 bytes a record); names: CJ/T 166, JT/T 978."""
    files = {file.sfi: file for file in application.files}
    public, log = files.get(EF15), files.get(EF18)
    shown: dict[Sign, bool] = {
        "name": application.name in PURSE_NAMES,
        "balance": pboc.EP in application.balances,
        "ef15": public is not None and public.kind == "binary" and public.length >= EF15_LENGTH,
        "log": log is not None and log.kind == "records" and log.length == pboc.LogRecord.LENGTH,
    }
    return tuple(sign for sign, there in shown.items() if there)
