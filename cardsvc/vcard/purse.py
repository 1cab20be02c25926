"""The purse of a virtual card. Source: JR/T 0025.2-2010 5.5; Fudan FMCOS 2.0 general manual p83-117.

Every command that moves money computes MAC and TAC first and changes balance, counter, log and proof in one commit.
"""

import struct
from typing import Any

from cardsvc.crypto.des import des_ecb_encrypt
from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import purse_mac, purse_tac
from cardsvc.vcard.dialect import CardDialect
from cardsvc.vcard.files import append_cyclic
from cardsvc.vcard.memory import Kind
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse

ED, EP = 1, 2
UNLOAD = 0x05
"""P1 of INITIALIZE FOR UNLOAD, which only an ED knows."""
COUNTER_MAX = 0xFFFF


def _purse(card: Running, dialect: CardDialect, which: int) -> bodies.Purse:
    node = card.find_ef(which)
    if node is None or node.kind != Kind.PURSE:
        refuse(0x6A82)
    purse = bodies.Purse(card.memory, node)
    if dialect.open_for_creation(card, bodies.Directory(card.memory, card.df)):
        refuse(0x6985)
    if not dialect.allowed(card, purse.use):
        refuse(0x6982)
    return purse


def _key(card: Running, kind: KeyKind, key_id: int) -> Key:
    return card.key(kind, key_id) or refuse(0x9403)


def get_balance(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """80 5C: P2 names the purse."""
    if apdu.p2 not in (ED, EP):
        refuse(0x6A86)
    return struct.pack(">I", dialect.counter(card, _purse(card, dialect, apdu.p2), apdu.p1))


def initialize(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """80 50: P1 00 load, 01 purchase, 02 cash, 03 CAPP purchase, 04 overdraft limit, 05 unload; P2 01 ED, 02 EP."""
    if apdu.p2 not in (ED, EP) or apdu.p1 > 0x05 or (apdu.p1 == UNLOAD and apdu.p2 != ED):
        refuse(0x6A86)
    if len(apdu.data) != (0x07 if apdu.p1 == 0x04 else 0x0B):
        refuse(0x6700)
    if card.eeprom.plan.grey_lock:
        refuse(0x9408)
    if apdu.p1 == 0x00:
        return _initialize_online(card, dialect, apdu, KeyKind.LOAD, 0x01 if apdu.p2 == ED else 0x02)
    if apdu.p1 == UNLOAD:
        return _initialize_online(card, dialect, apdu, KeyKind.UNLOAD, 0x03)
    if apdu.p1 == 0x04:
        return _initialize_limit(card, dialect, apdu)
    return _initialize_debit(card, dialect, apdu)


def _initialize_online(card: Running, dialect: CardDialect, apdu: Apdu, kind: KeyKind, ttype: int) -> bytes:
    purse = _purse(card, dialect, apdu.p2)
    index, amount, terminal = struct.unpack(">BI6s", apdu.data)
    key = _key(card, kind, index)
    if ttype == 0x02 and dialect.pin_for_ep_load and not card.pin_verified:
        refuse(0x6982)
    if purse.online == COUNTER_MAX and not dialect.counter_wraps:
        refuse(0x9402)
    if kind == KeyKind.LOAD and purse.balance + amount > 0xFFFFFFFF:
        refuse(0x6985)
    if kind == KeyKind.UNLOAD and amount > purse.balance:
        refuse(0x9401)
    rnd = card.random(4)
    session = des_ecb_encrypt(key.value, rnd + struct.pack(">H", purse.online) + b"\x80\x00")
    mac1 = purse_mac(session, struct.pack(">IIB6s", purse.balance, amount, ttype, terminal))
    mac1 = dialect.wrong_mac1.get(key.algorithm, mac1)
    card.pending = _begun("load" if kind == KeyKind.LOAD else "unload", apdu.p2, session, amount, terminal, ttype)
    return struct.pack(">IHBB4s4s", purse.balance, purse.online, key.version, key.algorithm, rnd, mac1)


def _initialize_limit(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    purse = _purse(card, dialect, apdu.p2)
    index, terminal = struct.unpack(">B6s", apdu.data)
    key = _key(card, KeyKind.OVERDRAFT, index)
    rnd = card.random(4)
    session = des_ecb_encrypt(key.value, rnd + struct.pack(">H", purse.online) + b"\x80\x00")
    limit = purse.overdraft.to_bytes(3, "big")
    mac1 = purse_mac(session, struct.pack(">I3sB6s", purse.balance, limit, 0x07, terminal))
    card.pending = _begun("limit", apdu.p2, session, 0, terminal, 0x07)
    return struct.pack(">IH3sBB4s4s", purse.balance, purse.online, limit, key.version, key.algorithm, rnd, mac1)


def _initialize_debit(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    purse = _purse(card, dialect, apdu.p2)
    index, amount, terminal = struct.unpack(">BI6s", apdu.data)
    key = _key(card, KeyKind.PURCHASE, index)
    if purse.offline == COUNTER_MAX and not dialect.counter_wraps:
        refuse(0x9402)
    if amount > purse.balance:
        refuse(0x9401)
    ttype = {0x01: 0x05 if apdu.p2 == ED else 0x06, 0x02: 0x04, 0x03: 0x09}[apdu.p1]
    rnd = card.random(4)
    card.pending = _begun("debit", apdu.p2, b"", amount, terminal, ttype)
    card.pending["key"], card.pending["random"] = key.value, rnd
    limit = purse.overdraft.to_bytes(3, "big")
    return struct.pack(">IH3sBB4s", purse.balance, purse.offline, limit, key.version, key.algorithm, rnd)


def _begun(what: str, which: int, session: bytes, amount: int, terminal: bytes, ttype: int) -> dict[str, Any]:
    return {"what": what, "purse": which, "session": session, "amount": amount, "terminal": terminal, "type": ttype}


def _taken(begun: dict[str, Any] | None, what: str) -> dict[str, Any]:
    """The transaction that the command before this one began; 6901 when it began none of this kind."""
    if begun is None or begun["what"] != what:
        refuse(0x6901)
    return begun


def credit(card: Running, dialect: CardDialect, apdu: Apdu, begun: dict[str, Any] | None) -> bytes:
    """80 52 CREDIT FOR LOAD: balance up, online counter up, log, proof; answers the TAC."""
    begun = _taken(begun, "load")
    if len(apdu.data) != 0x0B:
        refuse(0x6700)
    purse = _purse(card, dialect, begun["purse"])
    moment, mac2 = apdu.data[:7], apdu.data[7:]
    tail = struct.pack(">IB6s", begun["amount"], begun["type"], begun["terminal"]) + moment
    if purse_mac(begun["session"], tail) != mac2:
        refuse(0x9302)
    balance = purse.balance + begun["amount"]
    tac = _tac(card, struct.pack(">IH", balance, purse.online) + tail)
    _book(card, dialect, purse, begun, balance, moment, mac2, tac)
    return tac


def debit(card: Running, dialect: CardDialect, apdu: Apdu, begun: dict[str, Any] | None) -> bytes:
    """80 54: P1 01 DEBIT FOR PURCHASE, CAPP or cash (answers TAC, MAC2), P1 03 DEBIT FOR UNLOAD (answers MAC3)."""
    if apdu.p1 == 0x03:
        return _unload(card, dialect, apdu, _taken(begun, "unload"))
    begun = _taken(begun, "debit")
    if len(apdu.data) != 0x0F:
        refuse(0x6700)
    purse = _purse(card, dialect, begun["purse"])
    number, moment, mac1 = apdu.data[:4], apdu.data[4:11], apdu.data[11:]
    counter = struct.pack(">H", purse.offline)
    session = des_ecb_encrypt(begun["key"], begun["random"] + counter + number[2:])
    core = struct.pack(">IB6s", begun["amount"], begun["type"], begun["terminal"])
    if purse_mac(session, core + moment + dialect.mac1_tail(card)) != mac1:
        refuse(0x9302)
    mac2 = purse_mac(session, struct.pack(">I", begun["amount"]))
    tac = _tac(card, core + number + moment)
    _book(card, dialect, purse, begun, purse.balance - begun["amount"], moment, mac2, tac)
    return tac + mac2


def _unload(card: Running, dialect: CardDialect, apdu: Apdu, begun: dict[str, Any]) -> bytes:
    if len(apdu.data) != 0x0B:
        refuse(0x6700)
    purse = _purse(card, dialect, begun["purse"])
    moment, mac2 = apdu.data[:7], apdu.data[7:]
    tail = struct.pack(">IB6s", begun["amount"], begun["type"], begun["terminal"]) + moment
    if purse_mac(begun["session"], tail) != mac2:
        refuse(0x9302)
    balance = purse.balance - begun["amount"]
    mac3 = purse_mac(begun["session"], struct.pack(">IH", balance, purse.online) + tail)
    _book(card, dialect, purse, begun, balance, moment, mac3, bytes(4))
    return mac3


def update_limit(card: Running, dialect: CardDialect, apdu: Apdu, begun: dict[str, Any] | None) -> bytes:
    """80 58 UPDATE OVERDRAW LIMIT: the balance of an ED includes its limit."""
    begun = _taken(begun, "limit")
    if len(apdu.data) != 0x0E:
        refuse(0x6700)
    purse = _purse(card, dialect, begun["purse"])
    limit, moment, mac2 = apdu.data[:3], apdu.data[3:10], apdu.data[10:]
    tail = limit + struct.pack(">B6s", 0x07, begun["terminal"]) + moment
    if purse_mac(begun["session"], tail) != mac2:
        refuse(0x9302)
    balance = purse.balance - purse.overdraft + int.from_bytes(limit, "big")
    if balance < 0:
        refuse(0x9401)
    tac = _tac(card, struct.pack(">IH", balance, purse.online) + tail)
    card.memory.put(purse.node, bodies.OVERDRAFT, limit)
    _book(card, dialect, purse, begun, balance, moment, mac2, tac)
    return tac


def _tac(card: Running, data: bytes) -> bytes:
    key = card.key(KeyKind.TAC) or refuse(0x9403)
    return purse_tac(key.value, data)


def _book(
    card: Running,
    dialect: CardDialect,
    purse: bodies.Purse,
    begun: dict[str, Any],
    balance: int,
    moment: bytes,
    mac: bytes,
    tac: bytes,
) -> None:
    """Balance, counter, log record and proof, all within the running command."""
    online = begun["what"] != "debit"
    counter = (purse.online if online else purse.offline) + 1 & COUNTER_MAX
    place, proof_place = (bodies.ONLINE, bodies.LOAD_PROOF) if online else (bodies.OFFLINE, bodies.DEBIT_PROOF)
    proof_number = counter if dialect.proof_after else counter - 1 & COUNTER_MAX
    log_number = counter if dialect.log_after else counter - 1 & COUNTER_MAX
    card.memory.put(purse.node, proof_place, struct.pack(">BH4s4s", begun["type"], proof_number, mac, tac))
    card.memory.put(purse.node, bodies.BALANCE, struct.pack(">I", balance))
    if not card.eeprom.plan.stuck_counter:
        card.memory.put(purse.node, place, struct.pack(">H", counter))
    log = card.find_sfi(purse.log_sfi)
    if log is not None and log.kind == Kind.CYCLIC:
        limit = purse.overdraft.to_bytes(3, "big")
        record = struct.pack(">H3sIB6s", log_number, limit, begun["amount"], begun["type"], begun["terminal"]) + moment
        append_cyclic(card, bodies.File(card.memory, log), record)


def transaction_prove(card: Running, apdu: Apdu) -> bytes:
    """80 5A: MAC and TAC of the last transaction of this type with this number, else 9406."""
    if len(apdu.data) != 2:
        refuse(0x6700)
    for which in (EP, ED):
        node = card.find_ef(which)
        if node is None or node.kind != Kind.PURSE:
            continue
        purse = bodies.Purse(card.memory, node)
        for proof in (purse.load_proof, purse.debit_proof):
            if proof[:3] == bytes((apdu.p2,)) + apdu.data:
                return proof[3:]
    refuse(0x9406)
