"""A clerk at the desk page without a browser: reads pages, follows links by their words, sends the forms that are there.

A form is sent as a browser would: with what it holds, with what is typed into fields that it has, by a button that it has. The
agent beside the desk carries what was begun to the virtual card on the reader, and prints what is to be printed.
"""

import io
import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut, finish
from cardsvc.service.desk.faces import face_told, next_face
from cardsvc.service.desk.workstations import FacePrinter, actor_of, report, still_there, waiting_work
from cardsvc.vcard import VirtualCard
from tests.web.desk_office import Office, Page, plain

RUN = "run-one-1"
MOST_LOOKS = 4


@dataclass
class Button:
    """What sends a form: its words, and what it adds."""

    words: str = ""
    name: str | None = None
    value: str = ""
    action: str | None = None


@dataclass
class Form:
    """A form of a page. ``fields``: what it holds; ``ticked``: all that is chosen of boxes with one name; ``open``: every name
    that may be filled in; ``choices``: of radios and selects; ``needed``: names that the browser asks for."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    ticked: dict[str, list[str]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    buttons: list[Button] = field(default_factory=list)


class Reading(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self.form: Form | None = None
        self._words: list[str] | None = None
        self._href: str | None = None
        self._select: str | None = None
        self._option: bool | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self._href, self._words = given["href"], []
        elif tag == "form":
            self.form = Form(given.get("action", ""))
            self.forms.append(self.form)
        elif self.form is not None and "disabled" not in given:
            self._in_form(self.form, tag, given)

    def _in_form(self, form: Form, tag: str, given: dict[str, str]) -> None:
        name, value, kind = given.get("name", ""), given.get("value", ""), given.get("type", "text")
        if tag == "button" and kind != "button":
            form.buttons.append(Button("", given.get("name"), value, given.get("formaction")))
            self._words = []
        elif tag == "select":
            self._select = name
            form.open.add(name)
        elif tag == "option" and self._select:
            self._option = "selected" in given
            if "value" in given:
                self._chosen(form, value)
            else:
                self._words = []
        elif tag in ("input", "textarea") and name:
            form.open |= {name} if kind != "hidden" else set()
            form.needed |= {name} if "required" in given else set()
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, []).append(value)
                if "checked" in given:
                    form.fields[name] = value
                    form.ticked.setdefault(name, []).append(value)
            elif kind != "file":
                form.fields[name] = value

    def _chosen(self, form: Form, value: str) -> None:
        """One more of a select's options."""
        name = self._select or ""
        form.choices.setdefault(name, []).append(value)
        if self._option or name not in form.fields:
            form.fields[name] = value
        self._option = None

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words.append(data)

    def handle_endtag(self, tag: str) -> None:
        words = " ".join(" ".join(self._words or ()).split())
        if tag == "a" and self._href is not None:
            self.links.append((words, self._href))
            self._href = self._words = None
        elif tag == "button" and self.form is not None and self.form.buttons and self._words is not None:
            self.form.buttons[-1].words, self._words = words, None
        elif tag == "option" and self.form is not None and self._option is not None:
            self._chosen(self.form, words)
            self._words = None
        elif tag == "form":
            self.form = None
        elif tag == "select":
            self._select = None


class Clerk:
    """Somebody at the page of a workstation, with a reader and a card printer beside it."""

    def __init__(self, office: Office, who: str = "clerk", place: str | None = "ws-1") -> None:
        self.office, self.world, self.place = office, office.world, place
        self.page: Page = office.page(who, place)
        self.person = office.people[who]
        self.html, self.url = "", "/desk/"
        self._card: VirtualCard | None = None
        self._contacts = self.pages = 0
        if place:
            self._report(new=True)

    def open(self, url: str) -> None:
        """A page, through every redirect."""
        self._alive()
        self._shown(self.page.client.get(urljoin(self.url, url)), urljoin(self.url, url))

    def _shown(self, answer: TestResponse, url: str) -> None:
        self.pages += 1
        while answer.status_code in (302, 303):
            url = urljoin(url, answer.headers["Location"])
            self._carry()
            answer = self.page.client.get(url)
        assert answer.status_code == 200, (url, plain(answer.text))
        self.html, self.url = answer.text, url

    def sees(self, *words: str) -> None:
        """The page says all of it."""
        shown = plain(self.html)
        assert not (missing := [one for one in words if one not in shown]), (missing, shown)

    def follow(self, words: str) -> None:
        """Click the link that begins with these words (a key in front of them does not count)."""
        found = [href for text, href in Reading(self.html).links if re.sub(r"^[0-9A-Z] ", "", text).startswith(words)]
        assert found, (words, [text for text, _href in Reading(self.html).links])
        self.open(found[0])

    def without(self, words: str, name: str, **typed: str) -> TestResponse:
        """Send the form that has this button as a browser would not: without a field that is needed."""
        form, button = self._form(words)
        assert name in form.needed
        self._alive()
        return self.page.client.post(urljoin(self.url, button.action or form.action), data={**form.fields, **typed})

    def send(self, words: str, photo: bytes | None = None, **typed: str) -> None:
        """Fill in the form that has this button, and press it."""
        form, button = self._form(words)
        assert set(typed) <= form.open, (typed, form)
        for name, value in typed.items():
            assert value in form.choices.get(name, [value]), (name, value, form.choices[name])
        sent: dict[str, object] = {**form.fields, **form.ticked, **typed}
        if button.name:
            sent[button.name] = button.value
        if photo is not None:
            sent["photo"] = FileStorage(io.BytesIO(photo), "photo.jpg")
        assert not (empty := [name for name in form.needed if not sent.get(name)]), empty
        url = urljoin(self.url, button.action or form.action)
        self._alive()
        self._shown(self.page.client.post(url, data=sent), url)

    def _form(self, words: str) -> tuple[Form, Button]:
        forms = Reading(self.html).forms
        found = [(form, button) for form in forms for button in form.buttons if button.words.startswith(words)]
        assert found, (words, [button.words for form in forms for button in form.buttons])
        return found[0]

    def choices(self, words: str, name: str) -> list[str]:
        """What may be chosen for this field of the form that has this button."""
        return self._form(words)[0].choices[name]

    def put(self, card: VirtualCard) -> None:
        """Put a card on the reader; the page sees it and has it looked at."""
        self._card, self._contacts = card, self._contacts + 1
        self._report()
        self.work_place()

    def take_off(self) -> None:
        """Take the card off."""
        self._card, self._contacts = None, self._contacts + 1
        self._report()

    def work_place(self) -> None:
        """The work place, once its card was looked at."""
        self.open("/desk/")
        self.settle()

    def settle(self) -> None:
        """What the page's script does: ask for the looks that are missing, until the page says nothing is."""
        for _ in range(MOST_LOOKS):
            wanted = re.search(r'data-look="([^"]+)"', self.html)
            if wanted is None:
                return
            assert self.page.post("/look", contact=wanted[1]).status_code == 303
            self._carry()
            self.open(self.url)
        raise AssertionError("the page asks for looks without end")

    def job(self, title: str, button: str, **typed: str) -> None:
        """A job of the card on the reader: its form from the work place, sent."""
        self.follow(title)
        self.send(button, **typed)

    def print_face(self) -> None:
        """The agent prints what it is given."""
        store, now = self.world.store, self.world.now
        job = next_face(store, self._place(), RUN, None, now)
        assert job is not None
        assert job.pdf is not None
        face_told(store, self._place(), RUN, job.print_id, "printed", None, now)
        self.open(self.url)

    def _alive(self) -> None:
        """The agent is heard all the time, however slow the machine is."""
        if self.place:
            still_there(self.world.store, self.place, RUN, self.world.now)

    def _place(self) -> str:
        assert self.place
        return self.place

    def _report(self, *, new: bool = False) -> None:
        atr = self._card.atr.hex().upper() if self._card else None
        reader = {"name": "Reader 00 00", "atr": atr, "contact": f"contact-{self._contacts}" if atr else None}
        report(self.world.engine, self._place(), RUN, [reader], new=new, printer=FacePrinter("cards"))

    def _carry(self) -> None:
        """The agent carries what waits to the card."""
        while self.place and self._card and (found := waiting_work(self.world.engine, self.place, None)):
            channel = self._card.channel()
            with suppress(CarriedOut, CardsvcError):
                finish(self.world.port(actor_of(self.world.store, self.place, by=self.person)), channel, found[1])
            channel.close()
