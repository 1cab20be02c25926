"""One database transaction with its repositories. It is rolled back unless ``commit`` was called."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from cardsvc.store import repositories as repos
from cardsvc.store.failures import translated


class UnitOfWork:
    """A transaction. Use as a context manager; nothing stays without ``commit``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        with translated():
            self._connection = self._engine.connect()
            self._transaction = self._connection.begin()
        self._bind(self._connection)
        return self

    def _bind(self, connection: Connection) -> None:
        self.citizens = repos.Citizens(connection)
        self.cards = repos.Cards(connection)
        self.applications = repos.CardApplications(connection)
        self.operations = repos.Operations(connection)
        self.steps = repos.OperationSteps(connection)
        self.loads = repos.Loads(connection)
        self.purchases = repos.Purchases(connection)
        self.orders = repos.Orders(connection)
        self.diagnoses = repos.Diagnoses(connection)
        self.evidence = repos.EvidenceRows(connection)
        self.ledger = repos.Ledger(connection)
        self.terminals = repos.Terminals(connection)
        self.terminal_keys = repos.TerminalKeys(connection)
        self.hotlist = repos.HotList(connection)
        self.hotlist_acks = repos.HotListAcks(connection)
        self.nonces = repos.Nonces(connection)
        self.outlets = repos.Outlets(connection)
        self.rule_versions = repos.RuleVersions(connection)
        self.staff = repos.StaffRows(connection)
        self.staff_acts = repos.StaffActs(connection)
        self.staff_changes = repos.StaffChanges(connection)
        self.passkeys = repos.Passkeys(connection)
        self.passkey_challenges = repos.PasskeyChallenges(connection)
        self.approvals = repos.Approvals(connection)
        self.batches = repos.FileBatches(connection)
        self.spending = repos.SpendingRecords(connection)
        self.counters = repos.PurseCounters(connection)
        self.statements = repos.StatementRecords(connection)
        self.sightings = repos.CardSightings(connection)
        self.runs = repos.ReconciliationRuns(connection)
        self.differences = repos.Differences(connection)
        self.suspect_cases = repos.SuspectCases(connection)
        self.refunds = repos.Refunds(connection)
        self.bicycle_holds = repos.BicycleHolds(connection)
        self.legacy_cards = repos.LegacyCards(connection)
        self.deposits = repos.Deposits(connection)
        self.old_cards = repos.Takeovers(connection)
        self.takeover_parts = repos.TakeoverParts(connection)
        self.shifts = repos.Shifts(connection)
        self.day_seals = repos.DaySeals(connection)
        self.sealed_heads = repos.SealedHeads(connection)
        self.day_sums = repos.DaySums(connection)
        self.month_ends = repos.MonthEnds(connection)
        self.figures = repos.Figures(connection)
        self._bind_hall(connection)

    def _bind_hall(self, connection: Connection) -> None:
        self.tickets = repos.Tickets(connection)
        self.ticket_events = repos.TicketEvents(connection)
        self.desks = repos.Desks(connection)
        self.staff_skills = repos.StaffSkills(connection)
        self.appraisal_cases = repos.AppraisalCases(connection)
        self.appraisals = repos.Appraisals(connection)
        self.call_backs = repos.CallBacks(connection)
        self.complaints = repos.Complaints(connection)
        self.complaint_steps = repos.ComplaintSteps(connection)
        self.hall_notes = repos.HallNotes(connection)
        self.workstations = repos.Workstations(connection)
        self.reader_days = repos.ReaderDays(connection)
        self.relayed = repos.RelayedOperations(connection)
        self.loss_reports = repos.LossReports(connection)
        self.replacements = repos.Replacements(connection)
        self.held_payouts = repos.HeldPayouts(connection)
        self.citizen_changes = repos.CitizenChanges(connection)
        self.deaths = repos.Deaths(connection)
        self.library_notices = repos.LibraryNotices(connection)
        self.citizen_photos = repos.CitizenPhotos(connection)
        self.face_prints = repos.FacePrints(connection)
        self.handouts = repos.Handouts(connection)
        self.card_requests = repos.CardRequests(connection)
        self.rights_files = repos.RightsFiles(connection)
        self.rights = repos.InsuranceRights(connection)
        self.notices = repos.Notices(connection)
        self.cancellations = repos.Cancellations(connection)
        self.application_fees = repos.ApplicationFees(connection)
        self.cash_given = repos.CashesGiven(connection)
        self.desk_sessions = repos.DeskSessions(connection)
        self.form_answers = repos.FormAnswers(connection)
        self.blank_batches = repos.BlankBatches(connection)
        self.blank_movements = repos.BlankMovements(connection)
        self.making_notes = repos.MakingNotes(connection)
        self.blank_counts = repos.BlankCounts(connection)
        self.bulk_batches = repos.BulkBatches(connection)
        self.bulk_lines = repos.BulkLines(connection)
        self.bulk_events = repos.BulkEvents(connection)
        self.bulk_stations = repos.BulkStations(connection)

    def hold(self, claim: str) -> None:
        """Hold a name until this transaction ends; whoever holds it now is waited for. For what rows of two cards, or of two
        tables, must not both claim, so that no row's lock and no one index keeps them apart: look for the other after this.

        SQLite has one writer at a time anyway. A hash of the name is locked: two names that share one wait for each other.
        """
        if self._connection.dialect.name != "sqlite":
            self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(claim, 0))))

    def commit(self) -> None:
        """Make everything done in this transaction durable."""
        with translated():
            self._transaction.commit()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when it raises."""
        with translated():
            part = self._connection.begin_nested()
            try:
                yield
            except DBAPIError:
                # A full disk makes SQLite undo the whole transaction, savepoints with it: the first error tells what happened.
                with suppress(DBAPIError):
                    part.rollback()
                raise
            except BaseException:
                part.rollback()
                raise
            part.commit()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._transaction.is_active:
                with translated():
                    self._transaction.rollback()
        finally:
            self._connection.close()
        if error is not None:
            with translated():
                raise error
