"""A PKCS#11 token: the module in this process, the login, and sessions that no two threads share.

- python-pkcs11 initialises a module for one thread (``C_Initialize(NULL)``) and lets Python's threads run during its calls: in
  SoftHSM that ends in a crash. So the module is finalised and initialised again, with the locks of the operating system; one
  that says it cannot lock is called by one thread at a time.
- Neither module nor sessions outlive a fork (a worker of gunicorn): the child begins anew.
- Closing a session that logged in logs the whole process out. So one session logs in and stays; the others come and go.
- SoftHSM writes the token's file at each login, and a process that reads it in that moment finds no token. So the processes of
  this machine begin one after the other: whoever begins holds a lock on the PIN file.
- A PIN that was refused is not tried again by this process, and never when one try is left: a token locks for good.
"""

import ctypes
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from pkcs11 import exceptions

from cardsvc.errors import KeystoreError

ALREADY_INITIALIZED, CANNOT_LOCK, OS_LOCKING_OK = 0x191, 0x0A, 2
"""CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CANT_LOCK, CKF_OS_LOCKING_OK (PKCS#11 2.40)."""
_REFUSED_PIN = (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange)
_LOST = (
    exceptions.DeviceError,
    exceptions.DeviceRemoved,
    exceptions.GeneralError,
    exceptions.KeyHandleInvalid,
    exceptions.ObjectHandleInvalid,
    exceptions.SessionClosed,
    exceptions.SessionHandleInvalid,
    exceptions.SlotIDInvalid,
    exceptions.TokenNotPresent,
    exceptions.TokenNotRecognised,
    exceptions.UserNotLoggedIn,
)
"""After these nothing of before counts: module and sessions are opened anew at the next use."""


class _InitArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_ = (("mutexes", ctypes.c_void_p * 4), ("flags", ctypes.c_ulong), ("reserved", ctypes.c_void_p))


class _Functions(ctypes.Structure):
    """The head of CK_FUNCTION_LIST."""

    _fields_ = (
        ("version", ctypes.c_ubyte * 2),
        ("initialize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
        ("finalize", ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)),
    )


class _Module:
    """A PKCS#11 module in this process. There is one object for each file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused: set[int] = set()
        self.one_at_a_time: AbstractContextManager[Any] = nullcontext()
        self.lib: Any = None
        self._functions: Any = None
        self._pid = 0
        self._generation = 0
        self._busy = 0
        self._lost = False

    @contextmanager
    def use(self, pin_file: Path | None) -> Iterator[int]:
        """The module, initialised in this process; gives the number of the initialisation that sessions belong to."""
        with _lock:
            if self._pid != os.getpid():
                self._busy = 0
            if self._pid != os.getpid() or (self._lost and not self._busy):
                with _one_process_at_a_time(pin_file):
                    self._initialise()
            elif self._lost:  # others are still in the module: it must not be finalised under their feet
                raise KeystoreError("hsm_gone", reason=self.path)
            self._busy += 1
        try:
            with self.one_at_a_time:
                yield self._generation
        finally:
            with _lock:
                self._busy -= 1

    def lose(self) -> None:
        """Begin anew at the next use."""
        self._lost = True

    def _initialise(self) -> None:
        try:
            self.lib = pkcs11.lib(str(self.path))
            if self._functions is None:
                self._functions = _function_list(self.path)
        except (pkcs11.PKCS11Error, OSError, AttributeError):
            raise KeystoreError("hsm_module_missing", file=self.path) from None
        result, self.one_at_a_time = self._begin(ctypes.byref(_InitArguments(flags=OS_LOCKING_OK))), nullcontext()
        if result == CANNOT_LOCK:
            result, self.one_at_a_time = self._begin(None), threading.RLock()
        if result:
            raise KeystoreError("hsm_module_missing", file=self.path)
        self._pid, self._lost = os.getpid(), False
        self._generation += 1

    def _begin(self, arguments: Any) -> int:
        """C_Initialize, anew where it was done before or by the parent."""
        result = int(self._functions.initialize(arguments))
        if result == ALREADY_INITIALIZED:
            self._functions.finalize(None)
            result = int(self._functions.initialize(arguments))
        return result


def _function_list(path: Path) -> Any:
    functions = ctypes.POINTER(_Functions)()
    if ctypes.CDLL(str(path)).C_GetFunctionList(ctypes.byref(functions)):
        raise OSError
    return functions.contents


@contextmanager
def _one_process_at_a_time(pin_file: Path | None) -> Iterator[None]:
    """Hold the PIN file's lock. Where there is none nobody logs in."""
    try:
        file = os.open(pin_file, os.O_RDONLY | os.O_CLOEXEC) if pin_file else None
    except OSError:
        file = None
    if file is None:
        yield
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


_lock = threading.RLock()
_modules: dict[Path, _Module] = {}


def _in_a_child() -> None:
    """A lock that another thread held when the process forked would never be free in the child."""
    global _lock  # noqa: PLW0603 - there is one for the process
    _lock = threading.RLock()


os.register_at_fork(after_in_child=_in_a_child)


@dataclass(slots=True)
class OpenSession:
    """A session, and what it has found in the token."""

    session: pkcs11.Session
    found: dict[tuple[str, int], Any] = field(default_factory=dict)


class Token:
    """One token, found by its label. Errors come out as KeystoreError; none carries a PIN or a key."""

    def __init__(self, module: Path, label: str, pin_file: Path | None) -> None:
        with _lock:
            self._module = _modules.setdefault(module, _Module(module))
        self.label = label
        self._pin_file = pin_file
        self._generation = -1
        self._token: Any = None
        self._login: pkcs11.Session | None = None
        self._free: list[OpenSession] = []

    @property
    def description(self) -> str:
        """Maker and model, as the token says."""
        with self.session():
            return f"{self._token.manufacturer_id} {self._token.model}"

    @property
    def is_software(self) -> bool:
        """Whether keys are guarded by a file and a PIN only."""
        return "softhsm" in self.description.lower()

    @contextmanager
    def session(self, *, write: bool = False) -> Iterator[OpenSession]:
        """A session of the caller's own. Raises KeystoreError: ``hsm_gone``, ``hsm_failed``, those of the login."""
        with self._module.use(self._pin_file) as generation:
            try:
                opened = self._opened(generation, write=write)
                usable = False
                try:
                    yield opened
                    usable = True
                except pkcs11.PKCS11Error:
                    raise
                except BaseException:
                    usable = True
                    raise
                finally:
                    if usable and not write:
                        self._free.append(opened)
                    else:
                        _close(opened)
            except pkcs11.PKCS11Error as error:
                raise self._told(error) from None

    def _told(self, error: pkcs11.PKCS11Error) -> KeystoreError:
        """The error in the words of this project. A lost token is sought anew at the next use."""
        unnamed = type(error) is pkcs11.PKCS11Error  # codes of the maker, and "not initialised"
        reason = str(error) if unnamed else type(error).__name__
        if unnamed or isinstance(error, _LOST):
            self._module.lose()
            return KeystoreError("hsm_gone", reason=reason)
        return KeystoreError("hsm_failed", reason=reason)

    def _opened(self, generation: int, *, write: bool) -> OpenSession:
        with _lock:
            if self._generation != generation:
                self._free.clear()
                with _one_process_at_a_time(self._pin_file):
                    self._log_in()
                self._generation = generation
            if self._free and not write:
                return self._free.pop()
        return OpenSession(self._token.open(rw=write))

    def _log_in(self) -> None:
        try:
            self._token = self._module.lib.get_token(token_label=self.label)
        except (exceptions.NoSuchToken, exceptions.MultipleTokensReturned):
            self._module.lose()
            raise KeystoreError("hsm_token_missing", token=self.label) from None
        flags = self._token.flags
        if flags & pkcs11.TokenFlag.USER_PIN_LOCKED:
            raise KeystoreError("hsm_pin_locked", token=self.label)
        if flags & pkcs11.TokenFlag.USER_PIN_FINAL_TRY:
            raise KeystoreError("hsm_pin_last_try", token=self.label)
        pin = self._pin()
        if hash((self.label, pin)) in self._module.refused:
            raise KeystoreError("hsm_pin_wrong", token=self.label)
        try:
            self._login = self._token.open(user_pin=pin)
        except exceptions.UserAlreadyLoggedIn:
            return
        except _REFUSED_PIN:
            self._module.refused.add(hash((self.label, pin)))
            raise KeystoreError("hsm_pin_wrong", token=self.label) from None
        except exceptions.PinLocked:
            raise KeystoreError("hsm_pin_locked", token=self.label) from None

    def _pin(self) -> str:
        """Read at each login: it stays nowhere."""
        try:
            pin = self._pin_file.read_text("utf-8").strip("\r\n") if self._pin_file else ""
        except (OSError, ValueError):
            pin = ""
        if not pin:
            raise KeystoreError("hsm_pin_missing")
        return pin


def _close(opened: OpenSession) -> None:
    """Let a session go, as far as the token still answers."""
    try:
        opened.session.close()
    except pkcs11.PKCS11Error:
        return
