"""The tables. Names of constraints are given by hand, so that migrations find them on every database.

Tables that belong to a card lead their primary key with the card: a top-up touches rows of one card only.
"""

from cardsvc.store.tables.application_fees import application_fee
from cardsvc.store.tables.base import UtcDateTime, in_chart, metadata, one_of
from cardsvc.store.tables.batches import card_sighting, file_batch, purse_counter, spending_record, statement_record
from cardsvc.store.tables.bulk import bulk_batch, bulk_event, bulk_line, bulk_station
from cardsvc.store.tables.cancellations import CANCEL_REASONS, cancellation
from cardsvc.store.tables.card_requests import card_request
from cardsvc.store.tables.cards import APPLICATION_STATES, CARD_STATES, card, card_application, citizen
from cardsvc.store.tables.cash_given import cash_given
from cardsvc.store.tables.day import day_seal, month_end, sealed_head, shift
from cardsvc.store.tables.deposits import deposit
from cardsvc.store.tables.desk_sessions import desk_session, form_answer
from cardsvc.store.tables.diagnosis import diagnosis
from cardsvc.store.tables.faces import citizen_photo, face_print
from cardsvc.store.tables.hall import (
    appraisal,
    appraisal_case,
    call_back,
    complaint,
    complaint_step,
    desk,
    hall_note,
    staff_skill,
    ticket,
    ticket_event,
)
from cardsvc.store.tables.handouts import consigned_card, consignment, handout
from cardsvc.store.tables.held_payouts import PAYOUT_REASONS, held_payout
from cardsvc.store.tables.hotlist import HOT_LIST_ACTIONS, hotlist_ack, hotlist_entry
from cardsvc.store.tables.legacy import legacy_card
from cardsvc.store.tables.library import LIBRARY_EVENTS, library_notice
from cardsvc.store.tables.losses import LOSS_ENDS, LOSS_REPORTS, loss_report
from cardsvc.store.tables.money import (
    CASH_PLACES,
    LIVE_LOADS,
    OPEN_CASH_LOADS,
    OPEN_PURCHASES,
    evidence,
    load,
    purchase,
    transfer,
)
from cardsvc.store.tables.old_cards import takeover, takeover_part
from cardsvc.store.tables.operations import operation, operation_step
from cardsvc.store.tables.orders import topup_order
from cardsvc.store.tables.passkeys import passkey, passkey_challenge
from cardsvc.store.tables.persons import ON_CARD, citizen_change, death
from cardsvc.store.tables.reader_days import reader_day
from cardsvc.store.tables.reconciliation import difference, reconciliation_run
from cardsvc.store.tables.refunds import bicycle_hold, refund
from cardsvc.store.tables.replacements import REPLACEMENT_REASONS, replacement
from cardsvc.store.tables.rights import NOTICE_KINDS, OFFICES, insurance_right, notice, rights_file
from cardsvc.store.tables.rules import rule_version
from cardsvc.store.tables.screens import SCREEN_PURPOSES, hall_screen
from cardsvc.store.tables.staff import STAFF_ROLES, STAFF_STATES, approval, outlet, staff, staff_change
from cardsvc.store.tables.staff_acts import staff_act
from cardsvc.store.tables.stock import BLANK_MOVES, blank_batch, blank_count, blank_movement, making_note
from cardsvc.store.tables.suspects import suspect_case
from cardsvc.store.tables.terminals import ROLES, TERMINAL_STATES, forgotten_nonces, nonce, terminal, terminal_key
from cardsvc.store.tables.workstations import relayed_operation, workstation

__all__ = [
    "APPLICATION_STATES",
    "BLANK_MOVES",
    "CANCEL_REASONS",
    "CARD_STATES",
    "CASH_PLACES",
    "HOT_LIST_ACTIONS",
    "LIBRARY_EVENTS",
    "LIVE_LOADS",
    "LOSS_ENDS",
    "LOSS_REPORTS",
    "NOTICE_KINDS",
    "OFFICES",
    "ON_CARD",
    "OPEN_CASH_LOADS",
    "OPEN_PURCHASES",
    "PAYOUT_REASONS",
    "REPLACEMENT_REASONS",
    "ROLES",
    "SCREEN_PURPOSES",
    "STAFF_ROLES",
    "STAFF_STATES",
    "TERMINAL_STATES",
    "UtcDateTime",
    "application_fee",
    "appraisal",
    "appraisal_case",
    "approval",
    "bicycle_hold",
    "blank_batch",
    "blank_count",
    "blank_movement",
    "bulk_batch",
    "bulk_event",
    "bulk_line",
    "bulk_station",
    "call_back",
    "cancellation",
    "card",
    "card_application",
    "card_request",
    "card_sighting",
    "cash_given",
    "citizen",
    "citizen_change",
    "citizen_photo",
    "complaint",
    "complaint_step",
    "consigned_card",
    "consignment",
    "day_seal",
    "death",
    "deposit",
    "desk",
    "desk_session",
    "diagnosis",
    "difference",
    "evidence",
    "face_print",
    "file_batch",
    "forgotten_nonces",
    "form_answer",
    "hall_note",
    "hall_screen",
    "handout",
    "held_payout",
    "hotlist_ack",
    "hotlist_entry",
    "in_chart",
    "insurance_right",
    "legacy_card",
    "library_notice",
    "load",
    "loss_report",
    "making_note",
    "metadata",
    "month_end",
    "nonce",
    "notice",
    "one_of",
    "operation",
    "operation_step",
    "outlet",
    "passkey",
    "passkey_challenge",
    "purchase",
    "purse_counter",
    "reader_day",
    "reconciliation_run",
    "refund",
    "relayed_operation",
    "replacement",
    "rights_file",
    "rule_version",
    "sealed_head",
    "shift",
    "spending_record",
    "staff",
    "staff_act",
    "staff_change",
    "staff_skill",
    "statement_record",
    "suspect_case",
    "takeover",
    "takeover_part",
    "terminal",
    "terminal_key",
    "ticket",
    "ticket_event",
    "topup_order",
    "transfer",
    "workstation",
]
