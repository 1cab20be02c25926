"""A card of Debian's vsmartcard-vpicc: a whole ISO/IEC 7816-4 card OS that nobody here wrote. Run by the system's Python.

``vicc.py KIND PORT`` connects to a vpcd, the real one or a test's, and serves ``iso7816`` (as ``vicc -t iso7816``: a PIN, an
empty MF), ``passport`` or ``eid`` (the same OS with the files of such a card; the package's own ones need Python 2), or
``cryptoflex`` (the package's other OS, T=0 with GET RESPONSE).

The package as Debian 12 ships it does not start: its folder is on no path, it wants PyCrypto where Debian has PyCryptodome,
and one line of it still takes bytes for a list of them. That is put right here, and nothing else.
"""

# ruff: noqa: E402 - the package is on no path of its own
# mypy: ignore-errors
# The package has no types, and the Python that runs this is not the one that checks them.

import inspect
import logging
import sys

sys.path.insert(0, "/usr/lib/python3/site-packages/virtualsmartcard")
import Cryptodome

sys.modules["Crypto"] = Cryptodome
from virtualsmartcard import TLVutils

source = inspect.getsource(TLVutils.pack).replace('b"".join(result)', "result")
exec(source, TLVutils.__dict__)  # noqa: S102 - a package's own source, with one line corrected
from virtualsmartcard.cards.cryptoflex import CryptoflexMF, CryptoflexOS, CryptoflexSAM
from virtualsmartcard.SmartcardFilesystem import DF, MF, TransparentStructureEF
from virtualsmartcard.SmartcardSAM import SAM
from virtualsmartcard.VirtualSmartcard import Iso7816OS, VirtualICC

CARD_ACCESS = bytes.fromhex("31143012060A04007F0007020204020202010202010D")
COM = bytes.fromhex("60165F0104303130375F36063034303030305C026175")


def passport() -> MF:
    """ICAO 9303 part 10: the application and its EF.COM."""
    mf = MF()
    df = DF(parent=mf, fid=4, dfname=bytes.fromhex("A0000002471001"), bertlv_data=[])
    df.append(TransparentStructureEF(parent=df, fid=0x011E, filedescriptor=0, data=COM, shortfid=0x1E))
    mf.append(df)
    return mf


def eid() -> MF:
    """BSI TR-03110: EF.CardAccess in the MF, and the identity application."""
    mf = MF()
    mf.append(TransparentStructureEF(parent=mf, fid=0x011C, shortfid=0x1C, data=CARD_ACCESS))
    mf.append(DF(parent=mf, fid=0xFFFE, dfname=bytes.fromhex("E80704007F00070302"), bertlv_data=[]))
    return mf


kind, port = sys.argv[1], int(sys.argv[2])
card = VirtualICC(None, "iso7816", "127.0.0.1", port, logginglevel=logging.CRITICAL)
if kind == "cryptoflex":
    files = CryptoflexMF()
    card.os = CryptoflexOS(files, CryptoflexSAM(files))
    card.os.atr = card.os.atr.encode("latin-1")
elif kind != "iso7816":
    files = {"passport": passport, "eid": eid}[kind]()
    sam = SAM(b"1234", b"1234567890")
    sam.set_MF(files)
    card.os = Iso7816OS(files, sam)
card.run()
