"""Virtual cards: a second opinion on everything the host side does.

They share no card-OS code with the host: MACs, session keys, secure messaging, file system and purse are written again here,
from the standard and the manuals. Only the block cipher itself is shared. If both ends used one writing of a MAC, a
mistake would agree with itself and every test would pass.
"""

from cardsvc.vcard.card import PROFILES, VirtualCard
from cardsvc.vcard.catalogue import FAULTS, Fault, inflict, load_faults
from cardsvc.vcard.faults import FaultPlan

__all__ = ["FAULTS", "PROFILES", "Fault", "FaultPlan", "VirtualCard", "inflict", "load_faults"]
