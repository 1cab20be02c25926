"""Commands that start in a tenth of the time: a helper process has the libraries loaded and forks once for each command.

Each command is a process of its own with its own arguments, environment, streams and exit code, as a shell would start it. What
the helper has loaded read no environment: ``cardsvc.cli`` chooses its language when it is loaded, so each command loads that.

Passphrases and passwords are hashed in a way that is quick, as in the tests' own process: it took a third of the time.
``test_cli.py`` looks at what commands make without this.

A request is a length, JSON {argv, env} and the three streams as file descriptors; the answer is the exit code.
"""

import atexit
import gc
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from typing import BinaryIO

LOADED = (
    "sqlalchemy.orm",
    "alembic.command",
    "flask",
    "cardsvc.bootstrap",
    "cardsvc.client",
    "cardsvc.readers.carry",
    "cardsvc.service.approval_kinds",
    "cardsvc.service.terminals.admin",
    "cardsvc.vcard",
)
STREAMS = 3
TIMEOUT_SECONDS = 240


def run_command(arguments: tuple[str, ...], env: Mapping[str, str], said: str = "") -> subprocess.CompletedProcess[str]:
    """``cardsvc`` with these arguments, as ``subprocess.run`` would run it. ``said``: its standard input.

    Raises TimeoutError after four minutes.
    """
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write(said.encode())
        typed.seek(0)
        streams = [typed.fileno(), out.fileno(), err.fileno()]
        request = json.dumps({"argv": ["cardsvc", *arguments], "env": dict(env)}).encode()
        helper = _helper()
        socket.send_fds(helper, [struct.pack(">I", len(request))], streams)
        helper.sendall(request)
        (code,) = struct.unpack(">i", helper.recv(4, socket.MSG_WAITALL))
        return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read().decode()


@cache
def _helper() -> socket.socket:
    ours, theirs = socket.socketpair()
    ours.settimeout(TIMEOUT_SECONDS)
    command = [sys.executable, "-m", "tests.cli.prefork", str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(timeout=60)

    atexit.register(end)
    return ours


def make_hashes_quick() -> None:
    """For all commands that come from this process."""
    from argon2 import PasswordHasher
    from argon2.profiles import CHEAPEST

    from cardsvc.bootstrap import create_keystore
    from cardsvc.service.staff import accounts

    accounts.HASHER = PasswordHasher.from_parameters(CHEAPEST)
    create_keystore.__kwdefaults__["scrypt_n"] = 2**10


def serve(door: socket.socket) -> None:
    """Fork for each request until the other side is gone."""
    while True:
        head, streams, _, _ = socket.recv_fds(door, 4, STREAMS)
        if not head:
            return
        request = json.loads(door.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))
        child = os.fork()
        if child == 0:
            door.close()
            os._exit(_become(request, streams))
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(child, 0)
        door.sendall(struct.pack(">i", os.waitstatus_to_exitcode(status)))


def _become(request: dict[str, object], streams: list[int]) -> int:
    """Be the command; gives its exit code."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload] # JSON of our own making
    sys.argv = list(request["argv"])  # type: ignore[call-overload]
    code: object
    try:
        from cardsvc.cli.main import main

        main()
        code = 0
    except SystemExit as ended:
        code = 0 if ended.code is None else ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    from cardsvc.errors.catalog import all_entries

    for name in LOADED:
        __import__(name)
    all_entries()  # the texts of errors: each command that fails would read them again
    make_hashes_quick()
    gc.freeze()  # a command's garbage collection leaves alone what was there before it, and shares it
    serve(socket.socket(fileno=int(sys.argv[1])))
