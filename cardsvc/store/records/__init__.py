"""The rows as the service sees them: frozen, plain values. Times are aware and in UTC; amounts in fen; hex in upper case."""

from cardsvc.store.records.cards import Card, CardApplication, Citizen
from cardsvc.store.records.money import Evidence, Load, Purchase, Transfer
from cardsvc.store.records.operations import Operation, OperationStep
from cardsvc.store.records.terminals import Terminal

__all__ = [
    "Card",
    "CardApplication",
    "Citizen",
    "Evidence",
    "Load",
    "Operation",
    "OperationStep",
    "Purchase",
    "Terminal",
    "Transfer",
]
