"""The desk page. It asks services and decides nothing itself.

app                                     the application, put together
guard, entrance, passkeys, failures     who is at the page and in which language; signing in; what it says when something fails
again                                   a form that is sent twice because its answer was lost
work, live, jobs                        the work place: what lies there, the event stream, jobs
people, applying, faces, bulk           making cards: for whom, applications, what is printed on them, many of them
persons, cards, replace, retire         a person and their cards: data, loss, held money, another card
handouts, consignments                  made cards: to whom they are given, how they travel to another outlet
drawer, receipts                        cash, and paper
queue, hall, hall_book, complaints      the queue, the hall's screens, its book, complaints
approvals                               what a second person decides
manage                                  management pages: not for clerks
tray                                    for training: virtual cards to put in
words                                   names and forms that only a page needs
"""

from cardsvc.web.desk.app import create_desk

__all__ = ["create_desk"]
