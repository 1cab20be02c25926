"""What a job on a card did, and what the books say of one, as lines that a person reads."""

from collections.abc import Mapping
from typing import Any

from cardsvc.cli.shared.days import local_time
from cardsvc.cli.shared.output import listed, said, t, table
from cardsvc.units import format_yuan, local_stamp


def result_lines(kind: str, result: Mapping[str, Any]) -> list[str]:
    """A result as a person reads it."""
    from cardsvc.service.words.codes import MONEY_STATES, SETTLED
    from cardsvc.service.words.results import result_rows

    if kind == "inspect":
        return _inspect_lines(result)
    rows = [(t(*label), t(*value)) for label, value in result_rows(result)]
    if "load_id" in result:
        rows.append((t("钱", "Money"), said({**MONEY_STATES, **SETTLED}, result["state"])))
    return table(rows) + settled_lines(result)


def settled_lines(result: Mapping[str, Any]) -> list[str]:
    """What an earlier, broken transaction or opening came to."""
    from cardsvc.service.words.codes import EVIDENCE
    from cardsvc.service.words.results import settled_text

    return [
        t("{}（依据：{}）", "{} (by: {})").format(t(*settled_text(entry)), said(EVIDENCE, entry["rule"]))
        for entry in result.get("settled", [])
    ]


def transaction_lines(rows: list[Any]) -> list[str]:
    """Transactions as a person reads them."""
    from cardsvc.service.words.codes import MONEY_STATES, SUBJECTS, reason_name

    head = (
        t("时间", "Time"),
        t("种类", "Kind"),
        t("金额", "Amount"),
        t("状态", "State"),
        t("单号", "Id"),
        t("依据", "Settled by"),
    )
    body = [
        (
            local_time(r["at"]),
            said(SUBJECTS, r["kind"]),
            format_yuan(r["amount"]),
            said(MONEY_STATES, r["state"]),
            r["id"],
            t(*reason_name(r["settled_by"])),
        )
        for r in rows
    ]
    return listed(body, t("没有交易", "No transactions"), head)


def _inspect_lines(result: Mapping[str, Any]) -> list[str]:
    from cardsvc.service.words.codes import CARD_STATES

    rows = [
        (t("状态", "State"), said(CARD_STATES, result["state"])),
        (t("卡型", "Profile"), str(result["profile"])),
        ("ATR", str(result["atr"])),
    ]
    if result["state"] == "legacy":
        return _old_card_lines(rows, result)
    if "card_no" not in result:
        return table(rows)
    purse = result["purse"]
    balance = format_yuan(purse["balance"]) if purse["state"] == "open" else t("已锁定", "blocked")
    rows += [
        (t("卡号", "Card"), result["card_no"]),
        (t("有效期至", "Expires"), result["expiry_date"]),
        (t("余额", "Balance"), balance),
        *(_application(name, entry) for name, entry in result["applications"].items()),
        *((_area_name(area), _area_value(area)) for area in result["areas"]),
    ]
    return table(rows) + _log_lines(purse.get("log", [])) + _waiting_lines(result) + settled_lines(result)


def _old_card_lines(rows: list[tuple[str, str]], result: Mapping[str, Any]) -> list[str]:
    from cardsvc.service.cards.inspect import OLD_CARD_FINDINGS

    balance = t("读不出", "cannot be read") if result["balance"] is None else format_yuan(result["balance"])
    lines = table([*rows, (t("产品", "Product"), result["product"]), (t("余额", "Balance"), balance)])
    if result["moved_to"]:
        return [*lines, t(f"余额已经转到卡 {result['moved_to']}", f"Its balance was moved to card {result['moved_to']} before")]
    return lines + ([said(OLD_CARD_FINDINGS, result["finding"])] if result["finding"] else [])


def _log_lines(records: list[Mapping[str, Any]]) -> list[str]:
    from cardsvc.service.words.codes import LOG_TYPES

    head = (t("序号", "No."), t("种类", "Kind"), t("金额", "Amount"), t("终端", "Terminal"), t("时间", "Time"))
    log = [
        (str(r["number"]), said(LOG_TYPES, r["type"]), format_yuan(r["amount"]), r["terminal_no"], local_stamp(r["at"]))
        for r in records
    ]
    return [t("卡内交易记录：", "Log on the card:"), *table([head, *log])] if log else []


def _waiting_lines(result: Mapping[str, Any]) -> list[str]:
    from cardsvc.service.purse.area_names import purse_name
    from cardsvc.service.words.results import paid_text

    paid = [t(*paid_text(fee)) for fee in result["paid_fees"]]
    return paid + [
        t("待补登：{} 元（{}），用 fetch 写卡", "Waits to be written: {} yuan ({}); fetch writes it").format(
            format_yuan(order["amount"]), t(*purse_name(order["product"], order["area"]))
        )
        for order in result["orders"]
    ]


def _application(name: str, entry: Mapping[str, Any]) -> tuple[str, str]:
    from cardsvc.service.cards.application_names import APPLICATIONS
    from cardsvc.service.words.codes import CARD_STATES
    from cardsvc.service.words.results import product_name

    told = [said(CARD_STATES, entry["state"])]
    if entry["state"] == "open":
        told += [t(*product_name(name, entry["product"])), entry["valid_from"], entry["valid_to"] and f"~ {entry['valid_to']}"]
    return said(APPLICATIONS, name), " ".join(part for part in told if part)


def _area_name(area: Mapping[str, Any]) -> str:
    from cardsvc.service.purse.area_names import months_name

    return f"{area['product']} {t(*months_name(area['period'] or ''))}".rstrip()


def _area_value(area: Mapping[str, Any]) -> str:
    return format_yuan(area["balance"]) + (t("（已过期作废）", " (over, void)") if area["over"] else "")
