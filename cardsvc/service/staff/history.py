"""What was changed about staff, in words: for the staff page and ``cardsvc staff history``."""

from collections.abc import Mapping
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.staff.accounts import ROLE_NAMES, SKILL_NAMES, STATE_NAMES
from cardsvc.store import Store
from cardsvc.store.records import StaffChange
from cardsvc.text import Text

CHANGES: Mapping[str, Text] = {
    "known": Text("记录开始时已有", "there when the record began"),
    "created": Text("登记", "added"),
    "role": Text("岗位", "role"),
    "outlet": Text("网点", "outlet"),
    "skills": Text("技能", "skills"),
    "state": Text("账号", "account"),
    "password_once": Text("重设为一次性密码", "one-time password given"),
    "password": Text("修改密码", "password changed"),
    "session_ended": Text("结束登录", "sign-in ended"),
    "passkey_added": Text("添加通行密钥", "passkey added"),
    "passkey_removed": Text("删除通行密钥", "passkey removed"),
}
NAMES: Mapping[str, Text] = {**ROLE_NAMES, **SKILL_NAMES, **STATE_NAMES}
CODED = frozenset({"known", "created", "role", "skills", "state"})
PLACES: Mapping[str, Text] = {"program": Text("系统", "the program"), "command line": Text("命令行", "command line")}
NOTHING = Text("无", "none")
NEWEST = 200


def staff_history(store: Store, staff_id: str | None = None) -> list[dict[str, Any]]:
    """The newest changes (200 at most) of one person, or of everybody, newest first. Raises RequestError ``staff_unknown``."""
    with store.read() as uow:
        if staff_id is not None and uow.staff.get(staff_id) is None:
            raise RequestError("staff_unknown", staff=staff_id[:32])
        rows = uow.staff_changes.newest(NEWEST, staff_id)
        names = uow.staff.names([row.by_id for row in rows if row.by_id])
        called = {outlet.outlet_id: outlet.name or outlet.outlet_id for outlet in uow.outlets.all()}
    outlets = {outlet_id: Text(name, name) for outlet_id, name in called.items()}
    return [
        {
            "at": row.changed_at.isoformat(),
            "staff_id": row.staff_id,
            "number": row.number,
            "what": row.what,
            "was": row.was,
            "became": row.became,
            "by": row.by_id,
            "by_name": names.get(row.by_id or ""),
            "place": row.place,
            "place_text": PLACES.get(row.place, Text(row.place, row.place))._asdict(),
            "text": _in_words(row, {**outlets, **NAMES})._asdict(),
        }
        for row in rows
    ]


def _in_words(row: StaffChange, names: Mapping[str, Text]) -> Text:
    """For example "role: clerk → supervisor". ``names``: of roles, skills, states and outlets."""
    was, became = (_values(row.what, codes, names) for codes in (row.was, row.became))
    change = (
        Text(f"{was.zh} → {became.zh}", f"{was.en} → {became.en}")
        if row.what in ("role", "outlet", "skills", "state")
        else None
    )
    known = change or (became if row.became else was if row.was else None)
    name = CHANGES[row.what]
    return Text(f"{name.zh}：{known.zh}", f"{name.en}: {known.en}") if known else name


def _values(what: str, codes: str, names: Mapping[str, Text]) -> Text:
    """Codes as words; what has none as it is."""
    if not codes:
        return NOTHING
    words = [names.get(code, Text(code, code)) for code in (codes.split() if what in CODED else [codes])]
    return Text("、".join(word.zh for word in words), ", ".join(word.en for word in words))
