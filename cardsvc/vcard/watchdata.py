"""A Watchdata card as a virtual card: commands and files like FMCOS, over T=0, and a load of the EP wants the PIN.

Source: the published ATR; two public notes that file classes and commands are like FMCOS; JR/T 0025.2-2010 5.5.2 (a load wants
the PIN), 5.5.9.3 (a blocked application). No manual is public: what no source tells is as in FMCOS.
"""

from collections.abc import Mapping

from cardsvc.vcard.fmcos import Fmcos


class Watchdata(Fmcos):
    """Rules of FMCOS with the differences above."""

    name = "watchdata"
    t0 = True
    check_byte = False
    pin_for_ep_load = True
    empty_verify = True
    counter_wraps = False
    chip_serial_length = 6
    blocked_select_sw = 0x6283
    blocked_select_fci = True
    blocked_use_sw = 0x6985
    unwritten_sw = 0x9000
    wrong_mac1: Mapping[int, bytes] = {}

    def atr(self, chip_serial: bytes) -> bytes:
        """Historical bytes 5744 (WD), 296C, 80 86 93, and the chip serial; T=0 alone, so no check byte."""
        return bytes.fromhex("3B6D00005744296C808693") + chip_serial
