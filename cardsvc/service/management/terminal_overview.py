"""Every terminal at a glance: its state, when it was heard of, and how far behind its hot list is."""

import datetime as dt
from typing import Any

from cardsvc.service.desk.workstations import WORKSTATION, is_there
from cardsvc.service.terminals.registry import BUREAU, OFFICE
from cardsvc.store import Store

WITHOUT_LIST = frozenset({WORKSTATION, "channel", OFFICE, BUREAU})
"""Roles that keep no hot list: the service itself looks at it for them."""


def terminals_overview(store: Store, now: dt.datetime) -> dict[str, Any]:
    """The newest hot-list version, and every terminal with the version that it acknowledged (0: never told), those that are
    furthest behind first.

    ``version`` and ``behind`` are None of a terminal that keeps no list.
    ``seen_at``: the latest of its last signed request (as far back as nonces are kept), its agent's call and its
    acknowledgement, None where nothing is known; ``online``: of a workstation, whether its agent is there.
    """
    with store.read() as uow:
        newest = uow.hotlist.version()
        acks = {ack.terminal_id: ack for ack in uow.hotlist_acks.all()}
        terminals, signed = uow.terminals.all(), uow.nonces.last_seen()
        agents = uow.workstations.of({row.terminal_id for row in terminals if row.role == WORKSTATION})
    found = []
    for terminal in terminals:
        ack, agent = acks.get(terminal.terminal_id), agents.get(terminal.terminal_id)
        moments = [signed.get(terminal.terminal_id), agent and agent.seen_at, ack and ack.acknowledged_at]
        version = None if terminal.role in WITHOUT_LIST else ack.version if ack else 0
        found.append(
            {
                "terminal_id": terminal.terminal_id,
                "name": terminal.name,
                "place": terminal.place,
                "operator": terminal.operator,
                "outlet_id": terminal.outlet_id,
                "role": terminal.role,
                "state": terminal.state,
                "signed_on": terminal.signed_on,
                "seen_at": max((moment for moment in moments if moment), default=None),
                "online": is_there(agent, now) if terminal.role == WORKSTATION else None,
                "version": version,
                "acknowledged_at": ack.acknowledged_at if ack else None,
                "behind": None if version is None else newest - version,
            }
        )
    return {"version": newest, "terminals": sorted(found, key=lambda row: (-(row["behind"] or 0), row["terminal_id"]))}
