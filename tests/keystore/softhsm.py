"""SoftHSM2 with tokens of its own for a test session. Where it is not installed the tests fail: nothing is skipped."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cardsvc.keystore.token import Token
from tests.waiting import PATIENCE

PIN = "24680135"
PLACES = (
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/aarch64-linux-gnu/softhsm",
    "/usr/local/lib/softhsm",
)
TOKENS = ("keys", "taken", "empty", "pin", "gone", "command-line", "served")


@dataclass(frozen=True)
class SoftHsm:
    """A folder of tokens."""

    module: Path
    folder: Path
    pin_file: Path

    def token(self, label: str, pin_file: Path | None = None) -> Token:
        """One of TOKENS."""
        return Token(self.module, label, pin_file or self.pin_file)

    @property
    def tokens(self) -> Path:
        """Where SoftHSM keeps them, a folder each."""
        return self.folder / "tokens"

    def folders_of(self, label: str) -> list[Path]:
        """Where this token is: away with it, and the token is gone."""
        return [f for f in self.tokens.iterdir() if any(label.encode() in o.read_bytes() for o in f.iterdir())]

    def environment(self, label: str) -> dict[str, str]:
        """What another process needs to use a token."""
        return {
            "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf"),
            "CARDSVC_PKCS11_MODULE": str(self.module),
            "CARDSVC_PKCS11_TOKEN": label,
            "CARDSVC_PKCS11_PIN_FILE": str(self.pin_file),
        }


def module() -> Path:
    """The library of SoftHSM2."""
    found = next((Path(place) / "libsofthsm2.so" for place in PLACES if (Path(place) / "libsofthsm2.so").exists()), None)
    assert found is not None, "SoftHSM2 is not installed: apt-get install softhsm2 (scripts/setup does it)"
    assert shutil.which("softhsm2-util"), "softhsm2-util is not installed: apt-get install softhsm2 (scripts/setup does it)"
    return found


def with_a_pin_counter(real: Path, folder: Path) -> Path:
    """SoftHSM behind a counter of wrong PINs, see locking.c."""
    made = folder / "locking.so"
    source = Path(__file__).with_name("locking.c")
    command = ["gcc", "-shared", "-fPIC", "-w", f'-DREAL="{real}"', "-o", str(made), str(source), "-ldl"]
    subprocess.run(command, check=True, timeout=PATIENCE)
    return made


def start(folder: Path) -> SoftHsm:
    """All tokens, before the library is loaded: it sees those only that were there then. For this process and its children."""
    made = SoftHsm(module(), folder, folder / "pin")
    made.pin_file.write_text(PIN + "\n")
    made.tokens.mkdir()
    settings = f"directories.tokendir = {made.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (folder / "softhsm2.conf").write_text(settings)
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    for label in TOKENS:
        command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "13572468"]
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
    return made
