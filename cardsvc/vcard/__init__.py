"""Virtual cards: a second opinion on everything the host side does.

They share no card-OS code with the host: MACs, session keys, secure messaging, file system and purse are written again here,
from the standard and the manuals. Only the block cipher itself is shared. If both ends used one writing of a MAC, a
mistake would agree with itself and every test would pass.

card, session                               a card: power, commands, what it remembers until power goes
eeprom, memory, bodies                      what it remembers after
files, security, purse, crypto              its commands
dialect, fmcos, smartcos, huada, watchdata  how families differ
issued, classic                             cards that others issued; old bus cards
t0                                          T=0 as a card speaks it
faults, conditions, catalog                 what goes wrong while it works, and before; both by name
kept                                        cards of both kinds in files
rebuilt, recorded                           a card made of a recording, and one that plays it
vpcd                                        in a slot of the real pcscd
"""

from cardsvc.vcard.card import PROFILES, VirtualCard
from cardsvc.vcard.catalog import FAULTS, Fault, inflict, load_faults
from cardsvc.vcard.faults import FaultPlan

__all__ = ["FAULTS", "PROFILES", "Fault", "FaultPlan", "VirtualCard", "inflict", "load_faults"]
