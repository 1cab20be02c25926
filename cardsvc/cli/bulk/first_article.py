"""First-article check: the first card that a run made is read again, as a desk would, and compared with its person."""

import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.bulk.batches import holder_of
from cardsvc.service.bulk.making import ACTOR
from cardsvc.service.engine import Engine
from cardsvc.service.identity import holder_digest

OWN_CHECK = {
    "bureau": "市民卡公司",
    "purpose": "批量制卡首件检验 (first-article check)",
    "consent": "law",
    "basis": "发卡单位交付前的检验 (issuer's check before delivery)",
}


def right(engine: Engine, batch_id: str, line: int, card_no: str, channel: Channel) -> bool | None:
    """Whether the card is a genuine, empty card of this person; None when it left before that was known."""

    def ask(kind: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return carry_out(engine.port(ACTOR), channel, kind, params, idempotency_key=str(uuid.uuid4()))

    try:
        seen, identity = ask("inspect", {}), ask("identity", OWN_CHECK)
    except CarriedOut as ended:
        return None if ended.reply.problem and ended.reply.problem["code"] == "operation_abandoned" else False
    except CardsvcError:
        return None
    holder = holder_of(engine.store, batch_id, line)
    purse = seen.get("purse", {})
    return (
        seen.get("card_no") == identity["card_no"] == card_no
        and (purse.get("state"), purse.get("balance")) == ("open", 0)
        and bool(identity["valid"])
        and identity["holder"]["digest"] == holder_digest(holder.name, holder.id_number)
    )
