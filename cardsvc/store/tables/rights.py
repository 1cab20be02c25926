"""Tables of what the insurance offices say of people, of the files that said it, and of messages that go out to people."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
)

from cardsvc.store.states import NoticeState
from cardsvc.store.tables.base import UtcDateTime, metadata, one_of

OFFICES = ("social", "medical")
NOTICE_KINDS = ("held", "freed", "made")

rights_file = Table(
    "rights_file",
    metadata,
    Column("office", String(8)),
    Column("sha256", String(64)),
    Column("file_name", String(100), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("imported_by", String(32), nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("office", "sha256", name="pk_rights_file"),
    ForeignKeyConstraint(["imported_by"], ["staff.staff_id"], name="fk_rights_file_staff"),
    CheckConstraint(one_of("office", OFFICES), name="ck_rights_file_office"),
)

insurance_right = Table(
    "insurance_right",
    metadata,
    Column("office", String(8)),
    Column("id_number", String(32)),
    Column("name", String(64), nullable=False),
    Column("sex", Integer, nullable=False),
    Column("birth_date", Date, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("place", String(30), nullable=False),
    Column("right_from", Date),
    Column("right_until", Date),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    PrimaryKeyConstraint("office", "id_number", name="pk_insurance_right"),
    ForeignKeyConstraint(["office", "sha256"], ["rights_file.office", "rights_file.sha256"], name="fk_insurance_right_file"),
    CheckConstraint("right_until IS NULL OR right_until >= right_from", name="ck_insurance_right_order"),
)
Index("ix_insurance_right_number", insurance_right.c.id_number)
Index("ix_insurance_right_file", insurance_right.c.office, insurance_right.c.sha256)

notice = Table(
    "notice",
    metadata,
    Column("notice_id", String(36)),
    Column("case_no", String(24)),
    Column("card_no", String(16)),
    Column("kind", String(8), nullable=False),
    Column("to_name", String(64), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("zh", String(300), nullable=False),
    Column("en", String(400), nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("error", String(100)),
    PrimaryKeyConstraint("notice_id", name="pk_notice"),
    ForeignKeyConstraint(["case_no"], ["card_request.case_no"], name="fk_notice_request"),
    ForeignKeyConstraint(["card_no"], ["card.card_no"], name="fk_notice_card"),
    CheckConstraint("case_no IS NOT NULL OR card_no IS NOT NULL", name="ck_notice_about"),
    CheckConstraint(one_of("kind", NOTICE_KINDS), name="ck_notice_kind"),
    CheckConstraint(one_of("state", NoticeState), name="ck_notice_state"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ck_notice_ended"),
)
Index("ix_notice_waiting", notice.c.state, notice.c.next_at)
Index("ix_notice_request", notice.c.case_no)
Index("ix_notice_card", notice.c.card_no)
