"""Cards that nobody here wrote: how bank cards, SIMs, identity cards and stranger ones answer, from public standards.

Each is a channel over a few lines of behaviour. An instruction that is not one of reading is a failure.
"""

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from cardsvc.errors import CardError

READING = frozenset((0xA4, 0xB0, 0xB2, 0xC0, 0x5C))
"""SELECT, READ BINARY, READ RECORD, GET RESPONSE, GET BALANCE."""
MOST_COMMANDS = 20_000
Answer = Callable[[bytes], bytes]
NOT_FOUND, OK = bytes.fromhex("6A82"), bytes.fromhex("9000")


@dataclass
class WildCard:
    """A card with this ATR that answers so."""

    atr: bytes
    answer: Answer
    asked: list[bytes] = field(default_factory=list)

    def transmit(self, command: bytes) -> bytes:
        """Only what reads, and not for ever."""
        assert command[1] in READING, command.hex()
        assert len(self.asked) < MOST_COMMANDS
        self.asked.append(command)
        return self.answer(command)

    def close(self) -> None:
        """Nothing is held."""


def name_in(command: bytes) -> bytes:
    """The DF name that a SELECT asks for, empty for other commands."""
    return command[5 : 5 + command[4]] if command[1:3] == b"\xa4\x04" else b""


def having(names: Mapping[str, str], otherwise: bytes = NOT_FOUND) -> Answer:
    """Selects these names, in full or by their beginning, with this FCI; knows the MF, and nothing else."""

    def answer(command: bytes) -> bytes:
        wanted = name_in(command).hex().upper()
        found = [fci for name, fci in names.items() if wanted and name.startswith(wanted)]
        return bytes.fromhex(found[0]) + OK if found else otherwise

    return answer


def fetched(inner: Answer) -> Answer:
    """T=0 to the letter: every byte of data waits for GET RESPONSE, also where the card could have given it at once."""
    waiting: list[bytes] = []

    def answer(command: bytes) -> bytes:
        if command[1] == 0xC0:
            return waiting.pop() if waiting else bytes.fromhex("6985")
        given = inner(command)
        if len(given) == 2:
            return given
        waiting[:] = [given]
        return bytes((0x61, min(len(given) - 2, 255)))

    return answer


def sim(command: bytes) -> bytes:
    """Class A0 of GSM 11.11, and a USIM."""
    if command[0] == 0xA0:
        return bytes.fromhex("9F17") if command[1] == 0xA4 else bytes.fromhex("6D00")
    return having({"A0000000871002FF49FF0589": "62098202782183023F00"})(command)


def extended_only(command: bytes) -> bytes:
    """Lengths of one byte are wrong lengths; the header alone is understood."""
    return bytes.fromhex("6A86") if len(command) == 4 else bytes.fromhex("6700")


def city(command: bytes) -> bytes:
    """A city purse as JR/T 0025 has it, on a chip of no known family."""
    if name_in(command) and b"\xa0\x00\x00\x00\x03\x86\x98\x07\x01".startswith(name_in(command)):
        return bytes.fromhex("6F0B8409A00000000386980701") + OK
    if command[1] == 0xB0 and command[2] == 0x95:
        return bytes.fromhex("31003300" + "00" * 26) + OK
    if command[1] == 0x5C:
        return bytes.fromhex("000004D2") + OK
    return NOT_FOUND


def whole(name: str, ef15: str) -> Answer:
    """A card with an MF and a purse of this name below it, with money, and none of our files in the MF."""
    here = [b""]

    def answer(command: bytes) -> bytes:
        if command[1] == 0xA4:
            mf = command[2] == 0 and command[5 : 5 + command[4]] == b"\x3f\x00"
            if not mf and name_in(command).hex().upper() != name:
                return NOT_FOUND
            here[:] = [name_in(command)]
            return OK
        if not here[0]:
            return bytes.fromhex("6A83") if command[1] == 0xB2 else NOT_FOUND
        if command[1:3] == b"\xb0\x95":
            return bytes.fromhex(ef15)[: command[4] or 256] + OK
        return bytes.fromhex("000010E1") + OK if command[1] == 0x5C else bytes.fromhex("6A83")

    return answer


EF15_OF_BEIJING = "1000100000000000 0102 0000 1000000100012345 20200101 20401231 0100"
EF15_OF_UNION = "00000000000000000102 03104888001234567890 20200101 20401231 0000"


def agreeing(numbers: "itertools.count[int]") -> Answer:
    """Selects whatever is asked for; its directory lists names that nobody saw before."""

    def answer(command: bytes) -> bytes:
        if command[1] == 0xB2:
            name = b"\xf0" + next(numbers).to_bytes(5, "big")
            return bytes((0x61, 2 + len(name), 0x4F, len(name))) + name + OK
        return OK if command[1] == 0xA4 else bytes.fromhex("6A83")

    return answer


def falls_silent(after: int) -> Answer:
    """As a bank card, and then nothing any more."""
    left = iter(range(after))

    def answer(command: bytes) -> bytes:
        if next(left, None) is None:
            raise CardError("card_mute")
        return NOT_FOUND

    return answer


@dataclass(frozen=True, slots=True)
class Wild:
    """A kind of card, and the finding that must come first."""

    name: str
    zh: str
    first: str
    atr: str
    behaviour: Callable[[], Answer]

    def card(self) -> WildCard:
        """A fresh one."""
        return WildCard(bytes.fromhex(self.atr), self.behaviour())


def yes(_command: bytes) -> bytes:
    """Success without a word."""
    return OK


def gsm(command: bytes) -> bytes:
    """GSM 11.11 and nothing else: another class is no class."""
    if command[0] != 0xA0:
        return bytes.fromhex("6E00")
    return bytes.fromhex("9F17") if command[1] == 0xA4 else bytes.fromhex("6D00")


def campus(command: bytes) -> bytes:
    """A school's card on a chip that we buy too: its own files in the MF, a card number and a name where ours has none."""
    if command[1] == 0xA4:
        return OK if command[5 : 5 + command[4]] in (b"\x3f\x00", b"1PAY.SYS.DDF01") else NOT_FOUND
    if command[1] == 0xB0 and command[2] in (0x95, 0x96):
        return bytes(command[4]) + OK
    return bytes.fromhex("6A83") if command[1] == 0xB2 else NOT_FOUND


def libcacard(command: bytes) -> bytes:
    """No MF, and nothing to read before an application is selected."""
    if command[1:4] == b"\xa4\x00\x00":
        return bytes.fromhex("6A81")
    return having(CAC)(command) if command[1] == 0xA4 else bytes.fromhex("6900")


def sluggish(inner: Answer) -> Answer:
    """Takes its time over each answer."""

    def answer(command: bytes) -> bytes:
        time.sleep(0.02)
        return inner(command)

    return answer


PPSE = {"325041592E5359532E4444463031": "6F10840E325041592E5359532E4444463031", "A000000333010101": "6F0A8408A000000333010101"}
UNIONPAY = {
    "315041592E5359532E4444463031": "6F15840E315041592E5359532E4444463031A503880101",
    "A000000333010101": "6F1C8408A000000333010101A510500A50424F4320444542495487010100",
}
EID = {"E80704007F00070302": "6F0B8409E80704007F00070302"}
PIV = {"A000000308000010000100": "61114F0600001000010079074F05A000000308"}
PASSPORT = {"A0000002471001": "6F098407A0000002471001"}

CAC = {"A0000000790100": "6F0B8407A0000000790100A500"}
LIBCACARD = "3B7A18000073667465206364313434"
"""ATR and answers of libcacard's card (Debian's libcacard0 2.8.0 with three certificates, in the reader of the real pcscd)."""

OPEN_PLATFORM = {"A000000151000000": "6F0A8408A000000151000000"}


def always(sw: str) -> Callable[[], Answer]:
    """The same answer to everything."""
    return lambda: lambda _command: bytes.fromhex(sw)


def contactless(historical: str) -> str:
    """The ATR that PC/SC part 3 makes of an ATS with these historical bytes."""
    body = bytes((0x80 | len(historical) // 2, 0x80, 0x01)) + bytes.fromhex(historical)
    return f"3B{body.hex()}{checked(body):02x}"


def contact(historical: str) -> str:
    """T=0 alone, so no check byte."""
    return f"3B6{len(historical) // 2:X}0000{historical}"


def block(historical: str) -> str:
    """T=1, with a check byte, over three interface bytes that nobody expects."""
    body = bytes((0xF0 | len(historical) // 2, 0x18, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45)) + bytes.fromhex(historical)
    return f"3B{body.hex()}{checked(body):02x}"


def checked(body: bytes) -> int:
    """TCK."""
    return reduce(xor, body)


FUDAN = "3B8B800120900000000000995D583016"
"""As a campus card that a public ATR list names."""
MINGWAH = "3B8F800186384D574F4850CF1E4D2B1211291070"
WATCHDATA = "3B6D00005744296C808693D603EE082A3D"

WILD = (
    Wild("bank-contactless", "银行卡（闪付）", "stranger_bank", contactless("0031C173C8400000"), lambda: having(PPSE)),
    Wild("bank-contact", "银行卡（插卡）", "stranger_bank", contact("577100318071901000"), lambda: fetched(having(UNIONPAY))),
    Wild("sim", "手机卡", "stranger_sim", block("8031E073FE211B63E208A8830F"), lambda: sim),
    Wild("piv", "工作证（PIV）", "stranger_id", contact("80318065B0831117D68300"), lambda: having(PIV)),
    Wild("cac", "军人证（CAC）", "stranger_id", LIBCACARD, lambda: fetched(libcacard)),
    Wild("passport-odd-atr", "护照芯片，复位应答校验错", "stranger_id", "3B888001000000000000000011", lambda: having(PASSPORT)),
    Wild("refuses-6d00", "对什么都答 6D00", "stranger_deaf", contact("2063CB6800"), always("6D00")),
    Wild("refuses-6e00", "对什么都答 6E00", "stranger_deaf", block("4A434F50323431"), always("6E00")),
    Wild("extended-only", "只认扩展长度", "stranger_deaf", block("C38073C82110"), lambda: extended_only),
    Wild(
        "all-by-get-response", "外地城市卡，样样要 GET RESPONSE", "stranger_city", contact("4A434F5033"), lambda: fetched(city)
    ),
    Wild("falls-silent", "答几条就没声音", "no_answer", contact("0073C84000"), lambda: falls_silent(6)),
    Wild("agrees-to-all", "什么应用都选得中", "stranger_agreeing", contact("0073C84012"), lambda: agreeing(itertools.count(1))),
    Wild("storage-4k", "非接触存储卡", "stranger_storage", contactless("804F0CA00000030603000200000000"), always("6A81")),
    Wild("desfire", "门禁卡", "stranger_storage", contactless("80"), always("911C")),
    Wild("java-card", "未发行的 JavaCard", "stranger_factory", block("4A434F5076323431"), lambda: having(OPEN_PLATFORM)),
    Wild("eid", "外国身份证（eID）", "stranger_id", block("8073FF0100"), lambda: having(EID)),
    Wild("gsm-only", "老手机卡（GSM）", "stranger_sim", "3B16948114010100", lambda: gsm),
    Wild("bank-slow", "银行卡，应答很慢", "stranger_bank", contact("577100318071901001"), lambda: sluggish(having(UNIONPAY))),
    Wild("no-check-byte", "复位应答缺校验字节", "card_unknown_family", block("4A434F50")[:-2], lambda: having({})),
    Wild("odd-atr-city", "外地城市卡，复位应答缺校验字节", "atr_wrong", block("4A434F51")[:-2], lambda: city),
    Wild("ours-bank", "银行卡，芯片与本市卡同型", "stranger_bank", FUDAN, lambda: having(UNIONPAY)),
    Wild("ours-passport", "护照，芯片与本市卡同型", "stranger_id", MINGWAH, lambda: having(PASSPORT)),
    Wild("ours-other-city", "外地城市卡，芯片与本市卡同型", "card_foreign", MINGWAH, lambda: city),
    Wild(
        "ours-whole-city",
        "外地城市卡，主目录和钱包齐全，芯片与本市卡同型",
        "card_foreign",
        FUDAN,
        lambda: whole("A00000000386980701", EF15_OF_BEIJING),
    ),
    Wild(
        "ours-union",
        "交通联合卡，芯片与本市卡同型",
        "card_foreign",
        FUDAN,
        lambda: whole("A000000632010105", EF15_OF_UNION),
    ),
    Wild("ours-campus", "校园卡，芯片与本市卡同型", "card_foreign", FUDAN, lambda: campus),
    Wild("ours-agrees", "什么都答 9000，芯片与本市卡同型", "stranger_agreeing", WATCHDATA, lambda: yes),
    Wild("ours-refuses", "对什么都答 6E00，芯片与本市卡同型", "stranger_deaf", FUDAN, always("6E00")),
    Wild("phone-wallet", "手机模拟的卡", "card_unknown_family", contactless(""), lambda: having({})),
)
