"""The rows as the service sees them: frozen, plain values. Times are aware and in UTC; amounts in fen; hex in upper case."""

from cardsvc.store.records.application_fees import ApplicationFee
from cardsvc.store.records.batches import CardSighting, FileBatch, PurseCounter, SpendingRecord, StatementRecord
from cardsvc.store.records.bulk import BulkBatch, BulkEvent, BulkLine, BulkStation
from cardsvc.store.records.cancellations import Cancellation
from cardsvc.store.records.card_requests import CardRequest
from cardsvc.store.records.cards import Card, CardApplication, Citizen
from cardsvc.store.records.cash_given import CashGiven
from cardsvc.store.records.day import DaySeal, MonthEnd, SealedHead, Shift
from cardsvc.store.records.deposits import Deposit
from cardsvc.store.records.desk_sessions import DeskSession, FormAnswer
from cardsvc.store.records.diagnosis import Diagnosis
from cardsvc.store.records.faces import CitizenPhoto, FacePrint
from cardsvc.store.records.hall import (
    Appraisal,
    AppraisalCase,
    CallBack,
    Complaint,
    ComplaintStep,
    Desk,
    HallNote,
    StaffSkill,
    Ticket,
    TicketEvent,
)
from cardsvc.store.records.handouts import ConsignedCard, Consignment, Handout
from cardsvc.store.records.held_payouts import HeldPayout
from cardsvc.store.records.hotlist import HotListAck, HotListEntry
from cardsvc.store.records.legacy import LegacyCardRow
from cardsvc.store.records.library import LibraryNotice
from cardsvc.store.records.losses import LossReport
from cardsvc.store.records.money import Evidence, Load, Purchase, Transfer
from cardsvc.store.records.old_cards import Takeover, TakeoverPart
from cardsvc.store.records.operations import Operation, OperationStep
from cardsvc.store.records.orders import TopUpOrder
from cardsvc.store.records.passkeys import Passkey, PasskeyChallenge
from cardsvc.store.records.persons import CitizenChange, Death
from cardsvc.store.records.reader_days import ReaderDay
from cardsvc.store.records.reconciliation import Difference, ReconciliationRun
from cardsvc.store.records.refunds import BicycleHold, Refund
from cardsvc.store.records.replacements import Replacement
from cardsvc.store.records.rights import InsuranceRight, Notice, RightsFile
from cardsvc.store.records.rules import RuleVersion
from cardsvc.store.records.screens import HallScreen
from cardsvc.store.records.staff import Approval, Outlet, Staff, StaffChange
from cardsvc.store.records.staff_acts import StaffAct
from cardsvc.store.records.stock import BlankBatch, BlankCount, BlankMovement, MakingNote
from cardsvc.store.records.suspects import SuspectCase
from cardsvc.store.records.terminals import Terminal, TerminalKey
from cardsvc.store.records.workstations import RelayedOperation, Workstation

__all__ = [
    "ApplicationFee",
    "Appraisal",
    "AppraisalCase",
    "Approval",
    "BicycleHold",
    "BlankBatch",
    "BlankCount",
    "BlankMovement",
    "BulkBatch",
    "BulkEvent",
    "BulkLine",
    "BulkStation",
    "CallBack",
    "Cancellation",
    "Card",
    "CardApplication",
    "CardRequest",
    "CardSighting",
    "CashGiven",
    "Citizen",
    "CitizenChange",
    "CitizenPhoto",
    "Complaint",
    "ComplaintStep",
    "ConsignedCard",
    "Consignment",
    "DaySeal",
    "Death",
    "Deposit",
    "Desk",
    "DeskSession",
    "Diagnosis",
    "Difference",
    "Evidence",
    "FacePrint",
    "FileBatch",
    "FormAnswer",
    "HallNote",
    "HallScreen",
    "Handout",
    "HeldPayout",
    "HotListAck",
    "HotListEntry",
    "InsuranceRight",
    "LegacyCardRow",
    "LibraryNotice",
    "Load",
    "LossReport",
    "MakingNote",
    "MonthEnd",
    "Notice",
    "Operation",
    "OperationStep",
    "Outlet",
    "Passkey",
    "PasskeyChallenge",
    "Purchase",
    "PurseCounter",
    "ReaderDay",
    "ReconciliationRun",
    "Refund",
    "RelayedOperation",
    "Replacement",
    "RightsFile",
    "RuleVersion",
    "SealedHead",
    "Shift",
    "SpendingRecord",
    "Staff",
    "StaffAct",
    "StaffChange",
    "StaffSkill",
    "StatementRecord",
    "SuspectCase",
    "Takeover",
    "TakeoverPart",
    "Terminal",
    "TerminalKey",
    "Ticket",
    "TicketEvent",
    "TopUpOrder",
    "Transfer",
    "Workstation",
]
