"""The real nginx in front, with the configuration of the vendor's page: it takes certificates in, and tells which one came."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from cardsvc.bootstrap import now
from cardsvc.cli.shared.output import UNKNOWN_EXIT
from cardsvc.client import load_key
from cardsvc.signature import sign
from tests.postgres import free_port
from tests.waiting import PATIENCE
from tests.web.test_mtls import ROOT, Issued, Mutual, asked, furnish, issue, running
from tests.world import key_ring

EXAMPLE = ROOT / "cardsvc" / "docs" / "examples" / "nginx.conf"
PATH = "/api/v1/hotlist"
ELSEWHERE = "127.0.0.2"
"""Another address of this machine: the service must take it for somebody else than the proxy."""


def configuration(folder: Path, made: Mutual, port: int, service: int) -> Path:
    """The example with this test's ports and files, included as nginx includes it."""
    text = EXAMPLE.read_text("utf-8")
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("http://127.0.0.1:8080", f"http://127.0.0.1:{service}"),
        ("/etc/cardsvc/server.crt", str(made.server.files[0])),
        ("/etc/cardsvc/server.key", str(made.server.files[1])),
        ("/etc/cardsvc/terminals-ca.crt", str(made.ca.files[0])),
        ("server_name cards.example.cn", "server_name localhost"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    temporary = "".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n"
    )
    return main


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[tuple[Mutual, int]]:
    """The service behind nginx, and the port by which only nginx should speak to it."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    assert Path(program).exists(), "nginx is not installed: scripts/setup installs it"
    port, service = free_port(), free_port()
    made = furnish(tmp_path, f"https://localhost:{port}")
    main = configuration(tmp_path, made, port, service)
    proxy = subprocess.Popen([program, "-p", str(tmp_path), "-c", str(main)], stderr=subprocess.DEVNULL)
    told = {"CARDSVC_CLIENT_CERT_PROXY": "127.0.0.1", "CARDSVC_PUBLIC_URL": made.url}
    try:
        with running(tmp_path, made, "--port", str(service), "--host", "0.0.0.0", **told):  # noqa: S104 - to be spoken to past nginx
            yield made, service
    finally:
        proxy.terminate()
        proxy.wait(PATIENCE)


def header_of(shown: Issued) -> str:
    """A certificate as nginx writes it into the header."""
    return quote(shown.files[0].read_text(), safe="")


def test_the_page_prints_what_the_example_has() -> None:
    """Every line about certificates of the vendor's page stands in the file that is tested here."""
    page = (ROOT / "cardsvc" / "docs" / "terminal-vendor.md").read_text("utf-8")
    section = page.partition("## mTLS")[2].partition("\n## ")[0]
    example = {" ".join(line.split()) for line in EXAMPLE.read_text("utf-8").splitlines()}
    printed = next(part for part in section.split("```") if "ssl_client_certificate" in part)
    lines = [f"{part.strip()};" for part in printed.split(";") if part.strip()]
    assert len(lines) == 4
    assert set(lines) <= example
    assert "examples/nginx.conf" in section


def test_certificates_through_nginx(behind: tuple[Mutual, int]) -> None:
    """The terminal's own; another of the same authority; none; one that signed itself; a header that a caller made up."""
    made, service = behind
    assert asked(made, made.right, PATH) == (200, "")
    assert asked(made, made.other, PATH) == (403, "certificate_wrong")
    stranger = issue(made.key_file.parent, "stranger", None)
    for shown in (None, stranger):
        assert asked(made, shown, PATH) == (400, "")
    for name in ("X-Client-Cert", "x-client-cert", "X_Client_Cert", "X-Client_Cert"):
        forged = {name: header_of(made.right)}
        assert asked(made, made.other, PATH, **forged) == (403, "certificate_wrong"), name
        assert asked(made, None, PATH, **forged) == (400, ""), name
    past_nginx(made, service)


def hot_list(made: Mutual, *options: str | Path, code: int = 0) -> str:
    """What our own terminal says when it fetches its list from there."""
    public = key_ring().signing_public_key().hex()
    call = ["terminal", "hotlist", "--url", made.url, "--id", "kiosk-7", "--key", str(made.key_file), "--public-key", public]
    program = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", *call, *map(str, options)]
    done = subprocess.run(program, env={**os.environ, "CARDSVC_LANG": "en"}, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_our_own_terminal_comes_with_a_certificate(behind: tuple[Mutual, int]) -> None:
    """It knows who signed the service's, and shows its own; without either it is told which."""
    made, _ = behind
    authority = "--service-ca", made.ca.files[0]
    mine = "--client-cert", made.right.files[0], "--client-key", made.right.files[1]
    assert hot_list(made, *authority, *mine) == ""
    assert "service_tls_failed" in hot_list(made, *mine, code=UNKNOWN_EXIT)
    refused = hot_list(made, *authority, code=UNKNOWN_EXIT)
    assert "service_answer_malformed" in refused
    assert "--client-cert" in refused
    pair = "--client-cert", made.right.files[0], "--client-key", made.other.files[1]
    assert "tls_files_wrong" in hot_list(made, *authority, *pair, code=2)
    assert "go together" in hot_list(made, *authority, *mine[:2], code=2)


def past_nginx(made: Mutual, service: int) -> None:
    """Whoever reaches the service itself, from another address than the proxy's, cannot tell it a certificate."""
    for more in ({}, {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"}):
        headers = {"X-Client-Cert": header_of(made.right), **more}
        assert straight(made, service, ELSEWHERE, headers) == 403
        assert straight(made, service, "127.0.0.1", headers) == 200, "the proxy's own address is believed"


def straight(made: Mutual, service: int, source: str, headers: dict[str, str]) -> int:
    """Status of a signed request that comes straight to the service from this address."""
    request = requests.Request("GET", made.url + PATH).prepare()
    sign(request, b"", load_key(made.key_file), "kiosk-7", os.urandom(8).hex(), now())
    connection = HTTPConnection("127.0.0.1", service, timeout=PATIENCE, source_address=(source, 0))
    connection.request("GET", PATH, headers={**request.headers, "Host": made.url.partition("//")[2], **headers})
    status = connection.getresponse().status
    connection.close()
    return status
