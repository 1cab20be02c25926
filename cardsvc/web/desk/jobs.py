"""The jobs of the work place: what each asks for, and how a filled form becomes the parameters of its operation.

One form for all: which fields it has is data. The form's key is the operation's idempotency key, made with the form, so a
double click, the back button and a lost answer end at the same operation.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.cards.person_changes import REPLACE
from cardsvc.service.cards.replacement import EXPIRED, LOST, WITHDRAWN, fees_of
from cardsvc.service.desk.choices import Offer
from cardsvc.service.desk.money_offers import load_choices, methods_refused, months_to_load, refund_plans
from cardsvc.service.desk.offers import data_changed, offers
from cardsvc.service.desk.work_place import CardOnDesk, work_place
from cardsvc.service.desk.workstations import begin
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.transactions.refund import RefundPlan
from cardsvc.service.words.codes import METHODS
from cardsvc.text import Text
from cardsvc.units import parse_card_no, parse_yuan
from cardsvc.web.desk.guard import field, here, payment_of, workstation

Form = Mapping[str, str]
AMOUNTS = ("50", "100", "200", "500")
BEGIN = Text("开始", "Begin")
HOLDERS: Mapping[str, Text] = {
    "resident": Text("本市居民", "Resident"),
    "permit": Text("居住证", "Residence permit"),
    "student": Text("学生", "Student"),
    "minor": Text("未成年人", "Minor"),
    "group": Text("单位", "Group"),
}


@dataclass(frozen=True, slots=True)
class JobForm:
    """A job as the page offers it. ``key``: the key that begins it; ``fields``: parts of the form, see job_form.html;
    ``warning``: what the clerk must know before beginning."""

    title: Text
    key: str
    params: Callable[[Form], Mapping[str, Any]]
    fields: tuple[str, ...] = ()
    button: Text = BEGIN
    warning: Text | None = None
    endpoint: str | None = None
    """Where the form goes, where it begins no operation on the card yet."""


def _nothing(_form: Form) -> Mapping[str, Any]:
    return {}


def _load(form: Form) -> Mapping[str, Any]:
    product, area = _parts(form, 2)
    month = {"month": form["month"]} if area != "purse" and form.get("month") else {}
    return {"amount": int(parse_yuan(form["amount"])), "payment": payment_of(form), "product": product, "area": area, **month}


def _parts(form: Form, count: int) -> list[str]:
    """A choice that is made of parts. Raises RequestError ``form_incomplete``."""
    parts = form.get("choice", "").split(":")
    if len(parts) != count:
        raise RequestError("form_incomplete", field="choice")
    return parts


def _old_card(form: Form) -> Mapping[str, Any]:
    old_no, part_id = _parts(form, 2)
    return {"old_card_no": old_no, "part_id": part_id or None}


def _opening(form: Form) -> Mapping[str, Any]:
    """With what was shown as paid before, and pays for this. Raises RequestError ``form_incomplete``."""
    application, product = _parts(form, 2)
    try:
        paid = {"paid": int(form[f"paid {application}"])} if form.get(f"paid {application}") else {}
    except ValueError:
        raise RequestError("form_incomplete", field="paid") from None
    return {"application": application, "product": product, "holder": form["holder"], "payment": payment_of(form), **paid}


def _refund(form: Form) -> Mapping[str, Any]:
    """With the plan that was shown for this choice. Raises RequestError ``form_incomplete``."""
    product, area, month = _parts(form, 3)
    try:
        told = json.loads(form[f"told {form['choice']}"])
    except ValueError:
        raise RequestError("form_incomplete", field="told") from None
    return {"product": product, "area": area, "told": told, **({"month": month} if month else {})}


def _identity(form: Form) -> Mapping[str, Any]:
    """What is kept as the holder's consent was confirmed by somebody. Raises RequestError ``form_incomplete``."""
    if form.get("consent") != "holder":
        raise RequestError("form_incomplete", field="consent")
    return {"bureau": form["bureau"], "purpose": form["purpose"], "consent": "holder", "basis": None}


JOBS: Mapping[str, JobForm] = {
    "personalise": JobForm(
        Text("制卡：做成市民卡", "Make a citizen card"),
        "1",
        lambda form: {"citizen_id": form["citizen_id"]},
        ("citizen",),
        Text("开始制卡", "Make the card"),
        endpoint="find_person",
    ),
    "first_article": JobForm(
        Text("首件检验", "Check the first article"), "e", _nothing, (), Text("重读核对", "Read it again and compare")
    ),
    "topup": JobForm(
        Text("充值", "Top up"), "1", _load, ("choice", "amount", "month", "payment"), Text("收款并写卡", "Paid: write the card")
    ),
    "fetch": JobForm(
        Text("补登", "Write what was paid online"),
        "2",
        lambda form: {"order_id": form["choice"]},
        ("choice",),
        Text("写卡", "Write"),
    ),
    "open": JobForm(
        Text("开通应用", "Open an application"),
        "3",
        _opening,
        ("choice", "holder", "payment"),
        Text("收费并开通", "Paid: open it"),
        Text(
            "先告诉市民：卡丢了马上挂失；离线的公交、停车读卡器取到新黑名单之前还能刷，刷掉的不补。月票区的钱当月有效",
            "Tell the citizen first: report a lost card at once; offline readers take it until they have the new list, and what"
            " is spent there is gone. Month money is good in its month only",
        ),
    ),
    "catch_up": JobForm(
        Text("按卡补账", "Catch the books up with the card"),
        "y",
        _nothing,
        (),
        Text("补账", "Catch up"),
        Text(
            "账册恢复过：缺的充值凭卡入账，不写卡、不收款",
            "What restored books lack is booked; nothing is written or paid",
        ),
    ),
    "carry_over": JobForm(
        Text("旧卡的应用转入新卡", "Open what the old card had"),
        "a",
        _nothing,
        ("steps",),
        Text("转入", "Open them"),
        Text("不再收费；有效期照旧", "Nothing to pay; they hold as they did"),
    ),
    "swap": JobForm(
        Text("停用产品换杭州通", "Swap a withdrawn product"),
        "t",
        _nothing,
        ("steps",),
        Text("换", "Swap it"),
        Text("免费；卡不用换，余额当场转入城市通钱包", "Free, on the same card; the money goes to the city purse at once"),
    ),
    "refund": JobForm(
        Text("退款", "Refund"),
        "4",
        _refund,
        ("choice",),
        Text("取空并退款", "Draw to zero and pay back"),
        Text(
            "余额会取空；钱按来路退回。先把数额告诉市民，再确认",
            "The area is drawn to zero; money goes back the way it came. Tell the holder how much before you confirm",
        ),
    ),
    "replace": JobForm(
        Text("补换卡", "Replace the card"),
        "x",
        _nothing,
        ("replacement", "payment"),
        Text("收费并收下旧卡", "Paid: take the old card"),
        Text("旧卡从此停用；余额留给新卡", "The old card ends here; its money waits for the new one"),
        endpoint="begin_replace",
    ),
    "retire": JobForm(
        Text("停用可疑卡", "Retire a suspicious card"),
        "z",
        _nothing,
        ("steps", "suspicion"),
        Text("列入黑名单，提请复核", "Hot list it, and ask a second person"),
        Text(
            "先告诉持卡人：这张卡要留下核查，账上的钱不会少",
            "Tell the holder first: the card stays here to be examined, and the money of the books is safe",
        ),
        endpoint="begin_retire",
    ),
    "transfer_out": JobForm(
        Text("旧卡转出余额", "Take the old card's money"),
        "5",
        _nothing,
        (),
        Text("转出", "Take it out"),
        Text("此卡从此停用，余额留给新卡", "This card ends here; its money waits for the new card"),
    ),
    "transfer_in": JobForm(Text("转入旧卡余额", "Write the old card's money"), "6", _old_card, ("choice",)),
    "unblock": JobForm(
        Text("解锁", "Unblock"),
        "7",
        lambda form: {"application": form["choice"]},
        ("choice",),
        warning=Text("先核对身份证是否本人", "Check the identity document first"),
    ),
    "block": JobForm(
        Text("锁定应用", "Block an application"),
        "8",
        lambda form: {"application": form["choice"]},
        ("choice",),
        Text("锁定", "Block it"),
        Text(
            "锁定后不能用；要用再按 7 解锁，解锁要核对本人",
            "It cannot be used then; 7 unblocks it, after the holder's document was seen",
        ),
    ),
    "close": JobForm(
        Text("关闭应用", "Close an application"),
        "c",
        lambda form: {"application": form["choice"]},
        ("choice",),
        Text("关闭", "Close it"),
        Text(
            "已收的费用不退；要用再按 3 重新开通，按当天规则收费",
            "Its fee is not paid back; 3 opens it again, for the fee of that day",
        ),
    ),
    "review": JobForm(
        Text("学生卡年审", "Review a pupil's card"),
        "r",
        lambda form: {"proof": form["proof"]},
        ("proof",),
        warning=Text("先看学校的在校证明或学生证", "See the school's paper or the pupil's card first"),
    ),
    "identity": JobForm(Text("身份核验（别的窗口）", "Identity for another window"), "i", _identity, ("bureau",)),
    "migrate": JobForm(
        Text("旧公交卡余额转市民卡", "Move an old bus card's balance"),
        "1",
        lambda form: {"card_no": parse_card_no(form["card_no"])},
        ("card_no",),
        Text("转出", "Move it"),
        Text("只能转一次；然后放新卡补登", "Once only; then put the new card on and write it"),
    ),
    "repair": JobForm(
        Text("修复", "Repair"),
        "0",
        lambda form: {"person": form.get("person") or None},
        ("steps", "person"),
        Text("开始修复", "Repair"),
        Text("修后自动重读核对；中途拿走，再放上重做即可", "Read again afterwards; pulled in the middle, simply do it again"),
    ),
    "diagnose": JobForm(
        Text("全面检测", "Full diagnosis"),
        "9",
        lambda form: {
            "person": form.get("person") or None,
            "other_side_silent": form.get("other_side_silent") == "1",
            "memory": form.get("memory") == "1",
        },
        ("person", "other_side", "memory"),
    ),
}


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/jobs")
    def job_forms() -> Any:
        """The forms of all that can be done with a card, for a page that shows them without asking again. Nothing is begun."""
        card = _card(services, request.args.get("contact", ""))
        made = [offer for offer in offers(services.engine, card, by=here().staff) if offer.kind in JOBS and offer.possible]
        return render_template("job_forms.html", forms=[_form_of(services, offer.kind, card, offer, {}) for offer in made])

    @app.get("/desk/jobs/<kind>")
    def job_form(kind: str) -> Any:
        card, offer = offered(services, kind, request.args.get("contact", ""))
        return job_form_page(services, kind, card, offer, {})

    @app.post("/desk/jobs/<kind>")
    def begin_job(kind: str) -> Any:
        """Begin the operation, or show the form again with what is wrong and what was typed."""
        contact, key = field("contact"), field("key")
        try:
            params = _params(kind, request.form.to_dict())
            place, seen, by = workstation(), request.form.get("after"), here().staff
            reply = begin(services.engine, place, contact, kind, params, by=by, idempotency_key=key, after=seen)
        except CardsvcError as error:
            if error.code == "desk_job_between":
                raise  # the card is to be looked at first: there is no form to go on with
            card, offer = offered(services, kind, contact)
            return job_form_page(services, kind, card, offer, request.form.to_dict(), error), error.http_status
        return redirect(url_for("job_page", operation_id=reply.id), 303)


def _params(kind: str, form: Form) -> Mapping[str, Any]:
    """Raises RequestError ``form_incomplete`` for a field that is missing."""
    if kind not in JOBS:
        raise RequestError("http_not_found")
    try:
        return JOBS[kind].params({name: value.strip() for name, value in form.items()})
    except KeyError as missing:
        raise RequestError("form_incomplete", field=missing.args[0]) from None


def offered(services: Services, kind: str, contact: str) -> tuple[CardOnDesk, Offer]:
    """The card on the desk and what is offered for it. Raises RequestError ``http_not_found``, ``workstation_card_changed``."""
    if kind not in JOBS:
        raise RequestError("http_not_found")
    card = _card(services, contact)
    offer = next((offer for offer in offers(services.engine, card, by=here().staff) if offer.kind == kind), None)
    if offer is None:
        raise RequestError("workstation_card_changed")
    return card, offer


def _card(services: Services, contact: str) -> CardOnDesk:
    """The card of this contact. Raises RequestError ``workstation_card_changed``."""
    place = work_place(services.engine, workstation(), by=here().staff)
    card = next((card for card in place.cards if card.contact == contact), None)
    if card is None:
        raise RequestError("workstation_card_changed")
    return card


def job_form_page(
    services: Services, kind: str, card: CardOnDesk, offer: Offer, typed: Form, error: CardsvcError | None = None
) -> str:
    """The form of a job, with what was typed before and what was wrong with it."""
    return render_template("job_form.html", **_form_of(services, kind, card, offer, typed, error))


def _form_of(
    services: Services, kind: str, card: CardOnDesk, offer: Offer, typed: Form, error: CardsvcError | None = None
) -> Mapping[str, Any]:
    """What the template of a job's form shows."""
    fees = _fees(services, card) if kind == "replace" else {}
    methods = METHODS
    if kind == "topup":
        refused = methods_refused(services.engine, offer)
        methods = {method: word for method, word in METHODS.items() if method not in refused}
        offer = replace(offer, choices=load_choices(services.engine, card.look, offer))
    offer, plans = _planned(services, card, offer) if kind == "refund" else (offer, {})
    return {
        "kind": kind,
        "form": JOBS[kind],
        "card": card,
        "offer": offer,
        "typed": typed,
        "problem": problem_of(error) if error else None,
        "methods": methods,
        "amounts": AMOUNTS,
        "holders": HOLDERS,
        "months": months_to_load(local_day(now())),
        "fees": fees,
        "plans": plans,
        "likely": _likely_reason(services, card, fees),
    }


def _planned(services: Services, card: CardOnDesk, offer: Offer) -> tuple[Offer, Mapping[str, RefundPlan]]:
    """What each refund does, to be told before it is done; of one that is refused, why and what helps."""
    found = refund_plans(services.engine, workstation(), card.look, by=here().staff)
    refused = {value: error for value, error in found.items() if isinstance(error, CardsvcError)}
    why = {
        value: Text(f"{error.what.zh}。{error.next_step.zh}", f"{error.what.en}. {error.next_step.en}")
        for value, error in refused.items()
    }
    choices = tuple(replace(choice, reason=why.get(choice.value)) for choice in offer.choices)
    return replace(offer, choices=choices), {value: plan for value, plan in found.items() if isinstance(plan, RefundPlan)}


def _fees(services: Services, card: CardOnDesk) -> Mapping[str, Any]:
    """What a replacement costs, by reason; a card that lies on the reader is not lost."""
    known = fees_of(services.store, services.rules, card.books["card_no"], now()) if card.books else {}
    return {reason: fee for reason, fee in known.items() if reason != LOST}


def _likely_reason(services: Services, card: CardOnDesk, fees: Mapping[str, Any]) -> str:
    """Why the card is replaced: its data changed, or it is over, or it fails; of a card that is well: a product that was
    withdrawn, or damage that is seen by eye. The free reason of a fault that nobody found is chosen by hand."""
    if data_changed(services.engine, card) == REPLACE:
        return "changed"
    findings = (card.report or {}).get("findings") or ()
    if findings and findings[0]["code"] == "card_expired":
        return EXPIRED
    if not findings and WITHDRAWN in fees:
        return WITHDRAWN
    return "fault" if findings or not card.report else "damaged"
