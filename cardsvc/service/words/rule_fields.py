"""What the fields of rules are called, and their values as people read them. The file of the rules has short names for both."""

from collections.abc import Mapping
from typing import Any

from cardsvc.service.cards.application_names import APPLICATIONS
from cardsvc.service.words.codes import METHODS
from cardsvc.text import Text
from cardsvc.units import format_yuan

AMOUNTS = frozenset(
    {
        *("minimum", "further_minimum", "maximum", "balance_cap", "step", "named", "bearer", "fee", "half_year_fee", "amount"),
        *("monthly", "approve_from", "guarantee", "last_ride"),
    }
)
"""Fields of rules that are amounts, in fen."""
FIELDS: Mapping[str, Text] = {
    "a_minute": Text("一台取号机每分钟最多几个号", "Numbers of one ticket machine in a minute"),
    "after_days": Text("几天没领就催", "Told again after days"),
    "algorithm": Text("算法", "Algorithm"),
    "amount": Text("金额（元）", "Amount (yuan)"),
    "answer_days": Text("几个工作日内答复", "Working days for an answer"),
    "application": Text("应用", "Application"),
    "approve_from": Text("从多少元起两人办理", "Two people from (yuan)"),
    "area": Text("钱包区", "Money area"),
    "arrives_days": Text("路上几个工作日", "Working days on the way"),
    "balance_cap": Text("余额上限（元）", "Largest balance (yuan)"),
    "bearer": Text("不记名卡上限（元）", "Cap of bearer cards (yuan)"),
    "becomes": Text("换成", "Becomes"),
    "behind": Text("过号后排在几人之后", "In again behind so many"),
    "body_years": Text("卡体几年有效", "Years of a card's body"),
    "by_month": Text("按已过月份扣", "Months that began are taken off"),
    "calendar": Text("照放假和调休日历", "As public holidays move it"),
    "call_back_days": Text("几个工作日内回访", "Working days for a call-back"),
    "channel": Text("渠道", "Channel"),
    "closed_months": Text("不充值的月份", "Months without loading"),
    "closes": Text("关门", "Closes"),
    "consent_under": Text("几岁以下须监护人同意", "Guardian's consent under (age)"),
    "cutoff": Text("几点前受理", "Applied for before"),
    "data": Text("哪些信息", "Which data"),
    "days": Text("保存天数", "Days kept"),
    "days_before": Text("到期前几天可换", "Days before the end"),
    "deposit_holders": Text("交押金的人员类别", "Classes that pay a deposit"),
    "empty": Text("账上没有白卡", "No blank card in the books"),
    "every_days": Text("每几天再催", "Told again every days"),
    "fee": Text("收费（元）", "Fee (yuan)"),
    "fee_percent": Text("手续费（%）", "Fee (percent)"),
    "field": Text("信息项", "Field"),
    "fields": Text("信息项", "Fields"),
    "first_article": Text("首件检查", "First-article check"),
    "format": Text("格式", "Format"),
    "free": Text("休息日", "Free days"),
    "full_days": Text("几天内全退", "Days of the whole deposit"),
    "further_minimum": Text("再次起充（元）", "Least of further loads (yuan)"),
    "generation": Text("第几代卡", "Generation"),
    "gift_percent": Text("赠送（%）", "Gift (percent)"),
    "guarantee": Text("自行车冻结（元）", "Held for a bicycle (yuan)"),
    "half_year_fee": Text("半年价（元）", "Half-year price (yuan)"),
    "half_year_from": Text("半年价起始日", "Half-year price from"),
    "height": Text("高（像素）", "Height (pixels)"),
    "heir": Text("继承人", "Heir"),
    "holders": Text("人员类别", "Classes of people"),
    "in_person": Text("须本人办", "In person only"),
    "items": Text("项目", "Items"),
    "job": Text("业务", "Job"),
    "jobs": Text("业务", "Jobs"),
    "lapses_after_hours": Text("几小时后失效", "Hours until it lapses"),
    "last_closes": Text("月末关门", "Closes at the month's end"),
    "last_days": Text("月末几天", "Last days of the month"),
    "last_opens": Text("月末开门", "Opens at the month's end"),
    "last_ride": Text("最后一乘可欠（元）", "Owed after the last ride (yuan)"),
    "learned_days": Text("按最近几天估用量", "Days that use is learned from"),
    "learned_from": Text("按最近几个号估时", "Numbers that times are learned from"),
    "levels": Text("评价等级", "Levels"),
    "loads_a_day": Text("每天几次", "Loads a day"),
    "max_age": Text("最大年龄", "Oldest"),
    "max_bytes": Text("最大（字节）", "Largest (bytes)"),
    "maximum": Text("单次上限（元）", "Most at once (yuan)"),
    "min_age": Text("最小年龄", "Youngest"),
    "min_bytes": Text("最小（字节）", "Smallest (bytes)"),
    "minimum": Text("起充（元）", "Least (yuan)"),
    "minutes": Text("分钟数", "Minutes"),
    "monthly": Text("每月扣（元）", "Taken off each month (yuan)"),
    "months_ahead": Text("可提前几个月", "Months ahead"),
    "name": Text("名称", "Name"),
    "named": Text("记名", "Named"),
    "named_agent": Text("可由指定的亲友办", "A named friend may come"),
    "occasion": Text("什么情况", "Occasion"),
    "offices": Text("数据单位", "Offices"),
    "on_card": Text("写在卡里", "Stands on the card"),
    "open_days": Text("几个营业日", "Opening days"),
    "open_minutes": Text("几分钟内可评", "Minutes to appraise"),
    "opens": Text("开门", "Opens"),
    "outlet": Text("网点", "Outlet"),
    "papers": Text("证件和材料", "Papers"),
    "parent_under": Text("几岁以下由父母陪同", "With a parent under (age)"),
    "payer": Text("谁付", "Who pays"),
    "percent": Text("按原价的（%）", "Percent of the full price"),
    "prefix": Text("号头", "Letter"),
    "product": Text("产品", "Product"),
    "products": Text("产品", "Products"),
    "reason": Text("原因", "Reason"),
    "reason_at": Text("几级起要说原因", "Reason wanted from level"),
    "reasons": Text("原因", "Reasons"),
    "recalls": Text("叫几次", "Calls"),
    "refused_methods": Text("不收的付款方式", "Ways of payment not taken"),
    "report": Text("挂失方式", "Kind of report"),
    "reportable": Text("可挂失", "May be reported lost"),
    "review_from": Text("审验算下一学年的起始日", "Reviews for the next year from"),
    "reviewed": Text("要每年审验", "Reviewed every year"),
    "runs_on_until": Text("顺延到", "Runs on until"),
    "search_days": Text("找几个工作日", "Working days of the search"),
    "service": Text("服务", "Service"),
    "since": Text("从哪天起", "From"),
    "skill": Text("要的技能", "Skill"),
    "sold_from": Text("开始发售", "Sold from"),
    "sold_until": Text("停止发售", "Sold until"),
    "source": Text("依据", "Source"),
    "step": Text("递增（元）", "Step (yuan)"),
    "stop_after": Text("连续几张失败就停", "Failures in a row that stop it"),
    "ticket": Text("号种", "Kind of ticket"),
    "tiers": Text("[到几号, 退多少 %]", "[until day, percent back]"),
    "times": Text("催几次", "Times told"),
    "two_people": Text("两人办理", "Two people"),
    "unknown": Text("没有登记的芯片", "A chip of no batch"),
    "until": Text("到哪天止", "Until"),
    "waiting_days": Text("消费记录路上几天", "Days that spending is on its way"),
    "warranty_years": Text("质保几年", "Years of warranty"),
    "weekdays": Text("星期几", "Days of the week"),
    "white_percent": Text("白底（%）", "White (percent)"),
    "who": Text("谁来", "Who comes"),
    "width": Text("宽（像素）", "Width (pixels)"),
    "window": Text("更正窗口", "Window"),
    "worked": Text("调休上班日", "Worked weekend days"),
    "working_days": Text("几个工作日", "Working days"),
    "years": Text("几年有效", "Years"),
}
_PRODUCTS = {
    "citizen": Text("市民卡", "citizen card"),
    "tong": Text("不记名卡", "bearer card"),
    "parking": Text("停车卡", "parking card"),
    "library": Text("图书馆", "library"),
    "travel": Text("旅游卡", "travel card"),
}
_AREAS = {
    "purse": Text("钱包", "purse"),
    "month": Text("月票", "month ticket"),
    "season": Text("季票", "season ticket"),
    "term": Text("学期票", "term ticket"),
}
_STOCK = {"warn": Text("提醒", "told"), "refuse": Text("不做", "refused")}
_NAMES: Mapping[str, Mapping[str, Text]] = {
    "application": APPLICATIONS,
    "product": _PRODUCTS,
    "products": _PRODUCTS,
    "area": _AREAS,
    "refused_methods": METHODS,
    "unknown": _STOCK,
    "empty": _STOCK,
}
_YES_NO = (Text("否", "no"), Text("是", "yes"))


def value_in_words(field: str, value: Any) -> Text:
    """A value of a rule: amounts in yuan, yes or no, codes by name, texts in both languages."""
    if value is None:
        return Text("-", "-")
    if isinstance(value, bool):
        return _YES_NO[value]
    if isinstance(value, Mapping):
        parts = [Text(value["zh"], value["en"])] if set(value) == {"zh", "en"} else []
        parts = parts or [value_in_words(name, one) for name, one in value.items()]
    elif isinstance(value, list | tuple):
        parts = [value_in_words(field, one) for one in value]
    elif isinstance(value, int) and field in AMOUNTS:
        parts = [Text(format_yuan(value), format_yuan(value))]
    else:
        parts = [_NAMES.get(field, {}).get(str(value), Text(str(value), str(value)))]
    return Text("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))
