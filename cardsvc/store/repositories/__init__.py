"""What the service may ask the tables. Every question has a name; no caller builds a query."""

from cardsvc.store.repositories.application_fees import ApplicationFees
from cardsvc.store.repositories.batches import (
    CardSightings,
    FileBatches,
    PurseCounters,
    Ride,
    SpendingRecords,
    StatementRecords,
)
from cardsvc.store.repositories.bulk import BulkBatches, BulkEvents, BulkLines, BulkStations
from cardsvc.store.repositories.cancellations import Cancellations
from cardsvc.store.repositories.card_requests import CardRequests, NotMade
from cardsvc.store.repositories.cards import CardApplications, Cards, Citizens
from cardsvc.store.repositories.cash_given import CashesGiven
from cardsvc.store.repositories.day import DaySeals, MonthEnds, SealedHeads, Shifts
from cardsvc.store.repositories.day_sums import DaySum, DaySums
from cardsvc.store.repositories.deposits import Deposits
from cardsvc.store.repositories.desk_sessions import DeskSessions, FormAnswers
from cardsvc.store.repositories.diagnosis import Diagnoses
from cardsvc.store.repositories.faces import CitizenPhotos, FacePrints
from cardsvc.store.repositories.figures import Counted, Figures, Promised
from cardsvc.store.repositories.hall import (
    AppraisalCases,
    Appraisals,
    CallBacks,
    Complaints,
    ComplaintSteps,
    Desks,
    HallNotes,
    StaffSkills,
    TicketEvents,
    Tickets,
)
from cardsvc.store.repositories.handouts import Handouts
from cardsvc.store.repositories.held_payouts import HeldPayouts
from cardsvc.store.repositories.hotlist import HotList, HotListAcks
from cardsvc.store.repositories.legacy import LegacyCards
from cardsvc.store.repositories.library import LibraryNotices
from cardsvc.store.repositories.losses import LossReports
from cardsvc.store.repositories.money import EvidenceRows, Ledger, Loads, Purchases
from cardsvc.store.repositories.old_cards import TakeoverParts, Takeovers
from cardsvc.store.repositories.operations import Operations, OperationSteps
from cardsvc.store.repositories.orders import Orders
from cardsvc.store.repositories.passkeys import PasskeyChallenges, Passkeys
from cardsvc.store.repositories.persons import CitizenChanges, Deaths
from cardsvc.store.repositories.reader_days import ReaderDays
from cardsvc.store.repositories.reconciliation import Differences, ReconciliationRuns
from cardsvc.store.repositories.refunds import BicycleHolds, Refunds
from cardsvc.store.repositories.replacements import Replacements
from cardsvc.store.repositories.rights import InsuranceRights, Notices, RightsFiles
from cardsvc.store.repositories.rules import RuleVersions
from cardsvc.store.repositories.staff import Approvals, Outlets, StaffChanges, StaffRows
from cardsvc.store.repositories.staff_acts import StaffActs
from cardsvc.store.repositories.stock import BlankBatches, BlankCounts, BlankMovements, Held, MakingNotes
from cardsvc.store.repositories.suspects import SuspectCases
from cardsvc.store.repositories.terminals import Nonces, TerminalKeys, Terminals
from cardsvc.store.repositories.workstations import RelayedOperations, Workstations

__all__ = [
    "ApplicationFees",
    "AppraisalCases",
    "Appraisals",
    "Approvals",
    "BicycleHolds",
    "BlankBatches",
    "BlankCounts",
    "BlankMovements",
    "BulkBatches",
    "BulkEvents",
    "BulkLines",
    "BulkStations",
    "CallBacks",
    "Cancellations",
    "CardApplications",
    "CardRequests",
    "CardSightings",
    "Cards",
    "CashesGiven",
    "CitizenChanges",
    "CitizenPhotos",
    "Citizens",
    "ComplaintSteps",
    "Complaints",
    "Counted",
    "DaySeals",
    "DaySum",
    "DaySums",
    "Deaths",
    "Deposits",
    "DeskSessions",
    "Desks",
    "Diagnoses",
    "Differences",
    "EvidenceRows",
    "FacePrints",
    "Figures",
    "FileBatches",
    "FormAnswers",
    "HallNotes",
    "Handouts",
    "Held",
    "HeldPayouts",
    "HotList",
    "HotListAcks",
    "InsuranceRights",
    "Ledger",
    "LegacyCards",
    "LibraryNotices",
    "Loads",
    "LossReports",
    "MakingNotes",
    "MonthEnds",
    "Nonces",
    "NotMade",
    "Notices",
    "OperationSteps",
    "Operations",
    "Orders",
    "Outlets",
    "PasskeyChallenges",
    "Passkeys",
    "Promised",
    "Purchases",
    "PurseCounters",
    "ReaderDays",
    "ReconciliationRuns",
    "Refunds",
    "RelayedOperations",
    "Replacements",
    "Ride",
    "RightsFiles",
    "RuleVersions",
    "SealedHeads",
    "Shifts",
    "SpendingRecords",
    "StaffActs",
    "StaffChanges",
    "StaffRows",
    "StaffSkills",
    "StatementRecords",
    "SuspectCases",
    "TakeoverParts",
    "Takeovers",
    "TerminalKeys",
    "Terminals",
    "TicketEvents",
    "Tickets",
    "Workstations",
]
