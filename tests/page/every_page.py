"""Every page that somebody can come to by links, and what is measured on each."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Page
from werkzeug.exceptions import HTTPException

SCREENS = {
    "desk": (1366, 768, False),
    "desk at 200 %": (683, 384, False),
    "tablet, wide": (1024, 768, True),
    "tablet, high": (768, 1024, True),
}
"""Width and height in CSS pixels, and whether it is touched."""
LEAST = {False: 24, True: 44}
"""CSS pixels that a target is high, by whether it is touched. Source: WCAG 2.2, 2.5.8 (AA) and 2.5.5 (AAA)."""
OF_A_SORT = 2
"""So many pages of one sort are opened: a thousand cards have the same page."""
LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href)"
MEASURE = """(least) => {
  const found = [], told = (one) => one.outerHTML.slice(0, 160);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('.aside, .skip');
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) found.push('wider than the screen');
  for (const one of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')) {
    const label = ['radio', 'checkbox'].includes(one.type) && one.closest('label');
    const { width, height } = (label || one).getBoundingClientRect();
    if (seen(one) && (height < least - 0.5 || width < 23.5)) found.push(`${width} by ${height}: ${told(one)}`);
  }
  const leads = new Map(), to = (one) => one.href ?? `${one.formAction ?? ''} ${one.textContent.trim()} ${one.name ?? ''}`;
  for (const one of document.querySelectorAll('main [data-key]')) {
    const key = one.dataset.key;
    if (leads.has(key) && leads.get(key) !== to(one)) found.push(`key ${key} for two things: ${told(one)}`);
    leads.set(key, to(one));
  }
  const menu = document.querySelector('header nav');
  if (menu && menu.querySelectorAll('[aria-current]').length !== 1) found.push('not one entry of the menu is the present one');
  for (const one of document.querySelectorAll('header *, main *')) {
    const speaks = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!speaks || !seen(one) || one.closest('textarea, .sideways, svg')) continue;
    if (one.clientWidth && one.scrollWidth > one.clientWidth + 1) found.push(`text runs out of its box: ${told(one)}`);
  }
  return found;
}"""


def sort_of(app: Flask, address: str) -> str | None:
    """The sort of page that stands at an address; None for a file, or where there is none."""
    path = urlsplit(address).path
    if PurePosixPath(path).suffix:
        return None
    try:
        endpoint, values = app.url_map.bind("").match(path)
    except HTTPException:
        return None
    return " ".join([endpoint, *(values[name] for name in ("kind", "deed") if name in values)])


def walk(app: Flask, page: Page, starts: list[str]) -> Iterator[str]:
    """Open each page that can be reached by links from these; gives its sort while it is shown."""
    waiting, known, opened = list(starts), set(starts), Counter[str]()
    while waiting:
        address = waiting.pop(0)
        sort = sort_of(app, address)
        if sort is None or opened[sort] == OF_A_SORT:
            continue
        opened[sort] += 1
        page.goto(address)
        yield sort
        links = [link.partition("#")[0] for link in page.evaluate(LINKS)]
        waiting += [link for link in dict.fromkeys(links) if link not in known]
        known.update(links)


class Screens:
    """One page on every screen. Chromium takes a finger for a mouse, and back, without loading the page again."""

    def __init__(self, page: Page) -> None:
        self._page, self._chromium = page, page.context.new_cdp_session(page)

    def wrong(self) -> list[str]:
        """What is too small to be pressed, cut off, or wider than the screen, on each of them."""
        found = []
        for screen, (width, height, touched) in SCREENS.items():
            self._chromium.send("Emulation.setTouchEmulationEnabled", {"enabled": touched})
            self._page.set_viewport_size({"width": width, "height": height})
            assert self._page.evaluate("() => matchMedia('(pointer: coarse)').matches") is touched
            found += [f"{screen}: {one}" for one in self._page.evaluate(MEASURE, LEAST[touched])]
        return found
