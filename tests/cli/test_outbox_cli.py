"""Notices to the library on the command line: sent, listed, tried again by a person; and people's data and deaths."""

import signal
import subprocess
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.cli.scratch.processes import free_port
from cardsvc.client import create_key
from cardsvc.service.messages.outbox import MAX_ATTEMPTS
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store import UnitOfWork
from cardsvc.store.states import NoticeState
from tests.cli.test_cli import as_json, run
from tests.cli.test_rights_cli import PROGRAM, until
from tests.day.outlet import PASSWORD
from tests.service.bulk.bulk_people import hire
from tests.service.cards.test_card_requests import PARENT
from tests.service.messages.library_system import LibrarySystem
from tests.waiting import PATIENCE
from tests.world import World


@pytest.fixture
def world(home: dict[str, str], tmp_path: Path) -> World:
    """The database of the command line, with a clerk and a card that borrows."""
    made = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    hire(made)
    made.do(made.issue("fudan-fmcos2"), "open", application="library", product="1")
    return made


@pytest.fixture
def office(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A clerk signs in."""
    (tmp_path / "password").write_text(PASSWORD)
    return {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password"), "CARDSVC_STAFF": "clerk"}


def test_notices_are_sent_listed_and_tried_again(world: World, office: dict[str, str]) -> None:
    """Without an address nothing is lost; with one it goes out, signed by the service's key; a dead letter is a person's."""
    assert "library_url_missing" in run(office, "outbox", "run", code=2).stderr
    public = as_json(office, "receipt", "key")["public_key"]
    with LibrarySystem(public) as library:
        reached = {**office, "CARDSVC_LIBRARY_URL": library.url}

        def give_up(uow: UnitOfWork) -> None:
            (waiting,) = uow.library_notices.where()
            uow.library_notices.change(waiting, attempts=MAX_ATTEMPTS - 1)

        world.store.transact(give_up)
        library.answer = 500
        assert as_json(reached, "outbox", "run") == {"sent": 0, "not_sent": 1}
        (dead,) = as_json(office, "outbox", "list", "--failed")
        assert (dead["state"], dead["error"]) == (NoticeState.FAILED, "HTTP 500")
        assert "not_permitted" in run(office, "outbox", "again", dead["id"], code=2).stderr
        assert "notice_not_failed" in run(office, "outbox", "again", "1-1", code=2).stderr
    assert dead["id"] in run(office, "outbox", "list").stdout
    world.close()


def test_serve_brings_notices_and_this_pcs_workstation_beside_the_interface(
    world: World, office: dict[str, str], tmp_path: Path
) -> None:
    """One command: sender and agent run under the same parent, and one signal ends all; half of a workstation is refused."""
    key = public_hex(create_key(tmp_path / "ws.pem"))
    register_terminal(world.store, "ws-1", "", "310000000011", key, "workstation", world.now, outlet_id="hall")
    assert "--workstation-key" in run(office, "serve", "--face-queue", "cards", code=2).stderr
    here = ("--workstation", "ws-1", "--workstation-key", str(tmp_path / "ws.pem"), "--face-queue", "cards")

    def offered() -> bool:
        with world.store.read() as uow:
            return [(one.terminal_id, one.face_queue) for one in uow.workstations.printing_at("hall")] == [("ws-1", "cards")]

    public = as_json(office, "receipt", "key")["public_key"]
    with LibrarySystem(public) as library:
        reached = {**office, "CARDSVC_LIBRARY_URL": library.url, "CARDSVC_PORT": str(free_port())}
        run(office, "keys", "init")
        with subprocess.Popen([*PROGRAM, "serve", *here], env=reached, stderr=subprocess.PIPE, text=True) as process:
            until(lambda: bool(library.taken) and offered(), process)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)
    assert (process.returncode, [event for event, _card in library.events]) == (0, ["opened"])
    world.close()


def test_a_change_and_a_death_wait_for_the_second_person(world: World, office: dict[str, str]) -> None:
    """What is wrong is told by its field; what is right waits."""
    citizen = world.citizen()
    world.close()
    done = as_json(office, "citizen", "change", citizen, "--name", "测试改", "--proof", "新身份证")
    assert (done["fields"], done["on_card"], done["applied"]) == (["name"], "replace", False)
    assert "params_invalid" in run(office, "citizen", "change", citizen, "--birthplace", "x", "--proof", "x", code=2).stderr
    heir = ("--heir", "child", "--heir-name", PARENT["comer_name"], "--papers", "死亡证明")
    assert "heir_id_number" in run(office, "citizen", "death", citizen, *heir, "--heir-id-number", "1", code=2).stderr
    waits = run(office, "citizen", "death", citizen, *heir, "--heir-id-number", PARENT["comer_id_number"]).stdout
    assert "cardsvc approvals" in waits
