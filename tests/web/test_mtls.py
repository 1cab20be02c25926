"""mTLS as the outer layer: real certificates, a real gunicorn on the loopback; the signature stays the inner one."""

import datetime as dt
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cardsvc.bootstrap import now
from cardsvc.client import create_key, load_key
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.service.terminals.registry import change_terminal, register_terminal
from cardsvc.signature import public_hex, sign
from tests.databases import url_of
from tests.postgres import free_port
from tests.waiting import PATIENCE, until
from tests.world import World, key_ring

ROOT = Path(__file__).parent.parent.parent
PASSPHRASE = "for the mTLS test"


class Issued(NamedTuple):
    """A certificate and its key, in files."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey
    files: tuple[Path, Path]

    @property
    def fingerprint(self) -> str:
        """What a terminal is bound to."""
        return hashlib.sha256(self.certificate.public_bytes(Encoding.DER)).hexdigest()


def issue(folder: Path, name: str, issuer: Issued | None) -> Issued:
    """A certificate of an authority, or an authority."""
    key, subject = generate_private_key(SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(
        issuer.certificate.subject if issuer else subject,
        subject,
        key.public_key(),
        x509.random_serial_number(),
        now() - dt.timedelta(days=1),
        now() + dt.timedelta(days=1),
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    if issuer is None:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    else:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(authority, critical=False)
    made = builder.sign(issuer.key if issuer else key, SHA256())
    files = folder / f"{name}.crt", folder / f"{name}.key"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Issued(made, key, files)


class Mutual(NamedTuple):
    """A service that wants certificates, and those that its clients have."""

    url: str
    world: World
    key_file: Path
    ca: Issued
    server: Issued
    right: Issued
    other: Issued


def furnish(folder: Path, url: str) -> Mutual:
    """A city with a kiosk that is bound to one of two certificates of the same authority, and the service's key store."""
    world = World(folder / "city.db", now())
    ca = issue(folder, "authority", None)
    server, right, other = (issue(folder, name, ca) for name in ("localhost", "kiosk-7", "kiosk-8"))
    key_file = folder / "kiosk.pem"
    register_terminal(world.store, "kiosk-7", "", "310000000007", public_hex(create_key(key_file)), "topup", now())
    change_terminal(world.store, "kiosk-7", certificate=right.fingerprint)
    SealedKeystore(folder / "keys", key_ring(), PASSPHRASE.encode(), 2**10).save(key_ring())
    (folder / "passphrase").write_text(PASSPHRASE)
    return Mutual(url, world, key_file, ca, server, right, other)


@contextmanager
def running(folder: Path, made: Mutual, *options: str, **more: str) -> Iterator[None]:
    """``cardsvc serve`` with these options, until its address answers."""
    environment = {
        **os.environ,
        "CARDSVC_DATABASE_URL": url_of(folder / "city.db"),
        "CARDSVC_KEYSTORE": str(folder / "keys"),
        "CARDSVC_PASSPHRASE_FILE": str(folder / "passphrase"),
        **more,
    }
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "serve", "--workers", "1", *options]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        until(lambda: process.poll() is not None or _up(made))
        assert process.poll() is None, (folder / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)
        made.world.close()


@pytest.fixture
def mutual(tmp_path: Path) -> Iterator[Mutual]:
    """Gunicorn with mTLS."""
    port = free_port()
    made = furnish(tmp_path, f"https://localhost:{port}")
    certificate, key = map(str, made.server.files)
    options = ("--port", str(port), "--tls-cert", certificate, "--tls-key", key, "--client-ca", str(made.ca.files[0]))
    with running(tmp_path, made, *options):
        yield made


def _up(made: Mutual) -> bool:
    try:
        return asked(made, made.right, "/healthz") == (200, "")
    except requests.ConnectionError:
        return False


def asked(made: Mutual, shown: Issued | None, path: str, **headers: str) -> tuple[int, str]:
    """Status and code of a signed request that comes with a certificate; ``headers``: what is added after it was signed."""
    with requests.Session() as session:
        session.trust_env = False
        request = session.prepare_request(requests.Request("GET", made.url + path))
        sign(request, b"", load_key(made.key_file), "kiosk-7", os.urandom(8).hex(), now())
        request.headers.update(headers)
        pair = tuple(map(str, shown.files)) if shown else None
        response = session.send(request, timeout=PATIENCE, verify=str(made.ca.files[0]), cert=pair)  # type: ignore[arg-type]
        told = response.json() if "json" in response.headers.get("Content-Type", "") else {}
        return response.status_code, told.get("code", "")


def test_a_terminal_comes_with_its_own_certificate_or_not_at_all(mutual: Mutual) -> None:
    """Its own; another of the same authority; none; one that signed itself."""
    path = "/api/v1/hotlist"
    assert asked(mutual, mutual.right, path) == (200, "")
    assert asked(mutual, mutual.other, path) == (403, "certificate_wrong")
    stranger = issue(mutual.key_file.parent, "stranger", None)
    for shown in (None, stranger):
        with pytest.raises((requests.exceptions.SSLError, requests.ConnectionError)):
            asked(mutual, shown, path)
