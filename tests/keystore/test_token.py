"""A token in trouble: wrong and locked PINs, a token that goes away and comes back, threads and forks; and the command line."""

import os
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from cardsvc.errors import KeystoreError
from cardsvc.keystore import KeyEntry, KeyState
from cardsvc.keystore.keys import KeyRing
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from cardsvc.keystore.token import Token
from cardsvc.keystore.token_check import check_mechanisms, check_threads
from tests.keystore.softhsm import SoftHsm, with_a_pin_counter
from tests.waiting import PATIENCE
from tests.world import key_ring

CARD = "3100010100000001"
LOAD = KeyEntry("purse.load", 1, KeyState.ACTIVE, bytes(range(16)))
THREADS, MACS = 8, 200


@pytest.fixture(scope="module")
def store(hsm: SoftHsm) -> Pkcs11KeyStore:
    """A token with a full set of keys that it generated."""
    store = Pkcs11KeyStore.open(hsm.token("empty"))
    return store.renewed(dict.fromkeys(key_ring().versions()))


def told(token: Token) -> KeystoreError:
    """How a use of the token is refused. Neither the message nor what led to it holds the PIN."""
    with pytest.raises(KeystoreError) as refused, token.session():
        pass
    assert "pkcs11.exceptions" not in "".join(traceback.format_exception(refused.value))
    return refused.value


def test_no_master_key_can_be_read_or_encrypt(store: Pkcs11KeyStore) -> None:
    """Sensitive, not extractable, private, and for deriving only. Nothing but keys by name stays behind after work."""
    versions = store.versions()
    store.session(CARD, "purse.load", bytes(4), 1, versions).mac(b"data")
    store.protected_key_record(bytes(20), bytes(4), b"header", versions)
    with store.token.session() as opened:
        keys = list(opened.session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))
        labels = [key[Attribute.LABEL] for key in keys]
        assert sorted(labels) == sorted([*(name for name in versions if name != "service.signing"), "transport/left"])
        for key in keys:
            open_key = key[Attribute.LABEL].startswith("legacy.")
            assert (key[Attribute.SENSITIVE], key[Attribute.EXTRACTABLE]) == (not open_key, open_key)
            assert key[Attribute.PRIVATE]
            assert key[Attribute.ENCRYPT] == (key[Attribute.LABEL] in ("transport", "transport/left", "service.sealing"))
            if not open_key:
                with pytest.raises(pkcs11.PKCS11Error):
                    key[Attribute.VALUE]


def test_keys_made_in_the_token_work_together(store: Pkcs11KeyStore) -> None:
    """Sealing, signing, and a transport key whose halves nobody has seen."""
    assert store.unseal(store.seal(b"secret", "label"), "label") == b"secret"
    assert len(store.sign(b"message")) == 64
    rolled = store.renewed({"transport": None})
    assert rolled.versions()["transport"] == 2
    assert len(rolled.protected_key_record(bytes(20), bytes(4), b"header", store.versions())) == 24 + 4
    assert all(len(entry.check_value) == 6 for entry in store.entries)


def test_eight_threads_make_the_right_macs(store: Pkcs11KeyStore) -> None:
    """Each has a session of its own; what one thread alone makes is what eight make."""
    versions = store.versions()
    alone = [store.session(CARD, "purse.load", bytes(4), number, versions).mac(b"x" * 20) for number in range(MACS)]

    def work(_thread: int) -> list[bytes]:
        return [store.session(CARD, "purse.load", bytes(4), number, versions).mac(b"x" * 20) for number in range(MACS)]

    with ThreadPoolExecutor(THREADS) as pool:
        assert all(made == alone for made in pool.map(work, range(THREADS)))
    assert check_threads(store.token) == THREADS * 25


FORK = """
import os, sys
from pathlib import Path
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from cardsvc.keystore.token import Token

def macs(store):
    versions = store.versions()
    return [store.session("3100010100000001", "purse.load", bytes(4), n, versions).mac(b"data") for n in range(50)]

store = Pkcs11KeyStore.open(Token(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
expected = macs(store)
children = []
for number in range(3):
    child = os.fork()
    if child == 0:
        os._exit(0 if macs(store) == expected else 1)
    children.append(child)
assert macs(store) == expected
assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
assert macs(store) == expected
"""


@pytest.mark.parametrize("locks", [True, False])
def test_children_of_a_fork_begin_anew(store: Pkcs11KeyStore, hsm: SoftHsm, tmp_path: Path, *, locks: bool) -> None:
    """As workers of gunicorn do; also with a module that serves one thread at a time. The parent goes on."""
    module = hsm.module if locks else with_a_pin_counter(hsm.module, tmp_path)
    environment = {**os.environ, **({} if locks else {"CANNOT_LOCK": "1"})}
    command = [sys.executable, "-W", "error", "-c", FORK, str(module), "empty", str(hsm.pin_file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr


def test_a_module_that_cannot_lock_is_used_by_one_thread_at_a_time(store: Pkcs11KeyStore, hsm: SoftHsm, tmp_path: Path) -> None:
    """The check that doctor makes, in a process of its own."""
    module = with_a_pin_counter(hsm.module, tmp_path)
    check = (
        "import sys; from pathlib import Path; from cardsvc.keystore.token import Token\n"
        "from cardsvc.keystore.token_check import check_threads\n"
        "print(check_threads(Token(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))))"
    )
    command = [sys.executable, "-W", "error", "-c", check, str(module), "empty", str(hsm.pin_file)]
    environment = {**os.environ, "CANNOT_LOCK": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_mechanisms_are_tried_not_read_from_a_list(store: Pkcs11KeyStore) -> None:
    """SoftHSM lists wrapping under Triple-DES, and cannot."""
    works, lacking = check_mechanisms(store.token)
    assert {"DES3_ECB_ENCRYPT_DATA", "DES3_CBC", "AES_GCM", "EDDSA"} <= set(works)
    assert lacking == ["DES3_ECB wrap"]
    assert store.token.is_software


def test_a_wrong_pin_is_tried_once(hsm: SoftHsm, tmp_path: Path) -> None:
    """SoftHSM remembers a wrong try until a right one. A corrected file is tried; the refused PIN is not, whoever asks."""
    file = tmp_path / "pin"
    file.write_text("00000000")
    token = hsm.token("pin", file)
    error = told(token)
    assert error.code == "hsm_pin_wrong"
    assert "00000000" not in str(error)
    assert wrong_try_remembered(hsm)
    right = hsm.token("pin")
    with right.session():
        assert not wrong_try_remembered(hsm)
    assert told(hsm.token("pin", file)).code == told(token).code == "hsm_pin_wrong"
    assert not wrong_try_remembered(hsm)


def wrong_try_remembered(hsm: SoftHsm) -> bool:
    """Asked in a process of its own, without a login."""
    ask = (
        "import sys, pkcs11; from pkcs11 import TokenFlag\n"
        "token = pkcs11.lib(sys.argv[1]).get_token(token_label='pin')\n"
        "print(bool(token.flags & TokenFlag.USER_PIN_COUNT_LOW))"
    )
    command = [sys.executable, "-c", ask, str(hsm.module)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout == "True\n"


REFUSED_TWICE = """
import sys
from pathlib import Path
from cardsvc.errors import KeystoreError
from cardsvc.keystore.token import Token
for _ in range(5):
    try:
        with Token(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])).session():
            print("open")
    except KeystoreError as error:
        print(error.code)
"""


def test_no_number_of_starts_locks_a_token(hsm: SoftHsm, tmp_path: Path) -> None:
    """Each process tries a wrong PIN once, and the last try is left alone; a locked token is told as locked."""
    module = with_a_pin_counter(hsm.module, tmp_path)
    (tmp_path / "wrong").write_text("00000000")
    tries = tmp_path / "tries"
    environment = {**os.environ, "TRIES": str(tries)}

    def process(pin_file: Path) -> list[str]:
        command = [sys.executable, "-W", "error", "-c", REFUSED_TWICE, str(module), "pin", str(pin_file)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE, env=environment)
        return done.stdout.split()

    assert process(tmp_path / "wrong") == ["hsm_pin_wrong"] * 5
    assert tries.read_text() == "x"
    assert process(tmp_path / "wrong") == ["hsm_pin_wrong"] + ["hsm_pin_last_try"] * 4
    assert process(tmp_path / "wrong") == ["hsm_pin_last_try"] * 5
    assert tries.read_text() == "xx"
    tries.write_text("xxx")
    assert process(hsm.pin_file) == ["hsm_pin_locked"] * 5
    tries.write_text("")
    assert process(hsm.pin_file) == ["open"] * 5


def test_what_is_set_wrong_is_told(hsm: SoftHsm, tmp_path: Path) -> None:
    """Module, token, PIN file."""
    not_a_module = tmp_path / "module.so"
    not_a_module.write_text("no library")
    assert told(Token(not_a_module, "pin", hsm.pin_file)).code == "hsm_module_missing"
    assert told(hsm.token("nobody")).code == "hsm_token_missing"


def test_a_token_that_goes_away_and_comes_back(hsm: SoftHsm, tmp_path: Path) -> None:
    """Told with a code; when it is back the next use finds it, without a restart."""
    store = Pkcs11KeyStore.open(hsm.token("gone")).taken_over(KeyRing((LOAD,)))
    session = store.session(CARD, LOAD.name, bytes(4), 1, store.versions())
    mac = session.mac(b"data")
    (folder,) = hsm.folders_of("gone")
    away = folder.rename(tmp_path / "away")
    seen: list[str] = []
    for _ in range(3):
        with pytest.raises(KeystoreError) as refused:
            store.session(CARD, LOAD.name, bytes(4), 1, store.versions()).mac(b"data")
        seen.append(refused.value.code)
        assert refused.value.__cause__ is None
    assert seen == ["hsm_gone", "hsm_token_missing", "hsm_token_missing"]
    away.rename(folder)
    assert session.mac(b"data") == mac


def test_sessions_that_the_token_closed_are_opened_again(hsm: SoftHsm, store: Pkcs11KeyStore) -> None:
    """Another part of the process finalises the module: one call is told, the next one works."""
    session = store.session(CARD, "purse.load", bytes(4), 1, store.versions())
    mac = session.mac(b"data")
    pkcs11.lib(str(hsm.module)).reinitialize()
    with pytest.raises(KeystoreError) as refused:
        session.mac(b"data")
    assert refused.value.code == "hsm_gone"
    assert session.mac(b"data") == mac


def test_another_key_of_the_same_name_is_not_written_over(store: Pkcs11KeyStore) -> None:
    """An import that would contradict the token is refused before anything is stored."""
    before = [(entry.name, entry.version, entry.check_value) for entry in store.entries]
    with pytest.raises(KeystoreError) as refused:
        store.taken_over(KeyRing((LOAD, KeyEntry("new.key", 1, KeyState.ACTIVE, bytes(range(16))))))
    assert refused.value.code == "hsm_key_conflict"
    again = store.open(store.token)
    assert [(e.name, e.version, e.check_value) for e in again.entries if e.version == 1] == before
    with pytest.raises(KeystoreError) as refused:
        store.renewed({"purse.load": b"too short"})
    assert refused.value.code == "component_wrong"
