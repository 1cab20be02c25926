"""The head of a report on paper: whose card it is, when and where it was tested, and by whom.

Paper leaves the room, perhaps with somebody who is not the holder: it names them by the first character alone, and masks the
ID number as everywhere. Of a card of others nothing is known, and nothing is told.
"""

from typing import NamedTuple

from cardsvc.service.desk.work_place import Job
from cardsvc.service.people.register import masked
from cardsvc.store import Store, UnitOfWork


class ReportHead(NamedTuple):
    """As it is printed. ``holder`` and ``id_number``: None where no card of ours was seen; ``outlet``: None of a machine
    without one."""

    holder: str | None
    id_number: str | None
    asked_at: str
    outlet: str | None
    staff: str
    reader: str | None


def report_head(store: Store, workstation: str, job: Job) -> ReportHead:
    """Of one job of this workstation."""
    with store.read() as uow:
        staff, terminal = uow.staff.get(job.staff_id), uow.terminals.get(workstation)
        outlet = uow.outlets.get(terminal.outlet_id) if terminal and terminal.outlet_id else None
        holder, id_number = _holder(uow, job.card_no)
    reader = job.result.get("evidence", {}).get("reader.name")
    return ReportHead(
        holder, id_number, job.asked_at, outlet.name if outlet else None, staff.name if staff else job.staff_id, reader
    )


def _holder(uow: UnitOfWork, card_no: str | None) -> tuple[str | None, str | None]:
    card = uow.cards.get(card_no) if card_no else None
    citizen = uow.citizens.get(card.citizen_id) if card else None
    if citizen is None:
        return None, None
    return f"{citizen.name[:1]}{'*' * (len(citizen.name) - 1)}", masked(citizen.id_number)
