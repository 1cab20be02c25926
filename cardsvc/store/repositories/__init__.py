"""What the service may ask the tables. Every question has a name; no caller builds a query."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import Connection

from cardsvc.store.repositories.agreement import Agreement
from cardsvc.store.repositories.application_fees import ApplicationFees
from cardsvc.store.repositories.batches import (
    CardSightings,
    FileBatches,
    PurseCounters,
    SpendingRecords,
    StatementRecords,
)
from cardsvc.store.repositories.bulk import BulkBatches, BulkEvents, BulkLines, BulkStations
from cardsvc.store.repositories.cancellations import Cancellations
from cardsvc.store.repositories.card_requests import CardRequests
from cardsvc.store.repositories.cards import CardApplications, Cards, Citizens
from cardsvc.store.repositories.cash_given import CashesGiven
from cardsvc.store.repositories.day import DaySeals, MonthEnds, SealedHeads, Shifts
from cardsvc.store.repositories.day_sums import DaySums
from cardsvc.store.repositories.deposits import Deposits
from cardsvc.store.repositories.desk_sessions import DeskSessions, FormAnswers
from cardsvc.store.repositories.diagnosis import Diagnoses
from cardsvc.store.repositories.faces import CitizenPhotos, FacePrints
from cardsvc.store.repositories.figures import Figures
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
from cardsvc.store.repositories.handouts import ConsignedCards, Consignments, Handouts
from cardsvc.store.repositories.held_payouts import HeldPayouts
from cardsvc.store.repositories.hotlist import HotList, HotListAcks
from cardsvc.store.repositories.legacy import LegacyCards
from cardsvc.store.repositories.library import LibraryNotices
from cardsvc.store.repositories.losses import LossReports
from cardsvc.store.repositories.money import EvidenceRows, Ledger, Loads, Purchases
from cardsvc.store.repositories.old_cards import TakeoverParts, Takeovers
from cardsvc.store.repositories.open_money import OpenMoney
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
from cardsvc.store.repositories.screens import HallScreens
from cardsvc.store.repositories.staff import Approvals, Outlets, StaffChanges, StaffRows
from cardsvc.store.repositories.staff_acts import StaffActs
from cardsvc.store.repositories.stock import BlankBatches, BlankCounts, BlankMovements, MakingNotes
from cardsvc.store.repositories.suspects import SuspectCases
from cardsvc.store.repositories.terminals import Nonces, TerminalKeys, Terminals
from cardsvc.store.repositories.workstations import RelayedOperations, Workstations

T = TypeVar("T")


class Bound(Generic[T]):
    """A repository, bound to the connection of the transaction that is asked for it."""

    def __init__(self, repository: Callable[[Connection], T]) -> None:
        self._repository = repository

    def __get__(self, transaction: "Repositories", _: type["Repositories"]) -> T:
        return self._repository(transaction._connection)


class Repositories:
    """All repositories. A transaction (``UnitOfWork``) is one of these."""

    _connection: Connection

    agreement = Bound(Agreement)
    application_fees = Bound(ApplicationFees)
    batches = Bound(FileBatches)
    spending = Bound(SpendingRecords)
    counters = Bound(PurseCounters)
    statements = Bound(StatementRecords)
    sightings = Bound(CardSightings)
    bulk_batches = Bound(BulkBatches)
    bulk_lines = Bound(BulkLines)
    bulk_events = Bound(BulkEvents)
    bulk_stations = Bound(BulkStations)
    cancellations = Bound(Cancellations)
    card_requests = Bound(CardRequests)
    consignments = Bound(Consignments)
    consigned_cards = Bound(ConsignedCards)
    citizens = Bound(Citizens)
    cards = Bound(Cards)
    applications = Bound(CardApplications)
    cash_given = Bound(CashesGiven)
    shifts = Bound(Shifts)
    day_seals = Bound(DaySeals)
    sealed_heads = Bound(SealedHeads)
    month_ends = Bound(MonthEnds)
    day_sums = Bound(DaySums)
    deposits = Bound(Deposits)
    desk_sessions = Bound(DeskSessions)
    form_answers = Bound(FormAnswers)
    diagnoses = Bound(Diagnoses)
    citizen_photos = Bound(CitizenPhotos)
    face_prints = Bound(FacePrints)
    figures = Bound(Figures)
    tickets = Bound(Tickets)
    ticket_events = Bound(TicketEvents)
    desks = Bound(Desks)
    staff_skills = Bound(StaffSkills)
    appraisal_cases = Bound(AppraisalCases)
    appraisals = Bound(Appraisals)
    call_backs = Bound(CallBacks)
    complaints = Bound(Complaints)
    complaint_steps = Bound(ComplaintSteps)
    hall_notes = Bound(HallNotes)
    hall_screens = Bound(HallScreens)
    handouts = Bound(Handouts)
    held_payouts = Bound(HeldPayouts)
    hotlist = Bound(HotList)
    hotlist_acks = Bound(HotListAcks)
    legacy_cards = Bound(LegacyCards)
    library_notices = Bound(LibraryNotices)
    loss_reports = Bound(LossReports)
    loads = Bound(Loads)
    purchases = Bound(Purchases)
    evidence = Bound(EvidenceRows)
    ledger = Bound(Ledger)
    old_cards = Bound(Takeovers)
    takeover_parts = Bound(TakeoverParts)
    operations = Bound(Operations)
    steps = Bound(OperationSteps)
    open_money = Bound(OpenMoney)
    orders = Bound(Orders)
    passkeys = Bound(Passkeys)
    passkey_challenges = Bound(PasskeyChallenges)
    citizen_changes = Bound(CitizenChanges)
    deaths = Bound(Deaths)
    reader_days = Bound(ReaderDays)
    runs = Bound(ReconciliationRuns)
    differences = Bound(Differences)
    refunds = Bound(Refunds)
    bicycle_holds = Bound(BicycleHolds)
    replacements = Bound(Replacements)
    rights_files = Bound(RightsFiles)
    rights = Bound(InsuranceRights)
    notices = Bound(Notices)
    rule_versions = Bound(RuleVersions)
    outlets = Bound(Outlets)
    staff = Bound(StaffRows)
    staff_changes = Bound(StaffChanges)
    approvals = Bound(Approvals)
    staff_acts = Bound(StaffActs)
    blank_batches = Bound(BlankBatches)
    blank_movements = Bound(BlankMovements)
    making_notes = Bound(MakingNotes)
    blank_counts = Bound(BlankCounts)
    suspect_cases = Bound(SuspectCases)
    terminals = Bound(Terminals)
    terminal_keys = Bound(TerminalKeys)
    nonces = Bound(Nonces)
    workstations = Bound(Workstations)
    relayed = Bound(RelayedOperations)
