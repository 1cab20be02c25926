"""How a terminal or a desk PC reaches the service: address, id, key, and TLS where the service asks for a certificate."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cardsvc.cli.shared.output import t
from cardsvc.cli.shared.tls import try_tls

if TYPE_CHECKING:
    from cardsvc.client import ApiClient

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

key_option = click.option(
    "--key",
    "key_file",
    envvar="CARDSVC_TERMINAL_KEY",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help=t("终端私钥文件", "The terminal's private key file"),
)
_OPTIONS = (
    click.option(
        "--url",
        envvar="CARDSVC_URL",
        default="http://127.0.0.1:8080",
        show_default=True,
        help=t("服务地址", "Address of the service"),
    ),
    click.option("--id", "terminal_id", envvar="CARDSVC_TERMINAL", required=True, help=t("终端号", "Terminal id")),
    key_option,
    click.option(
        "--service-ca",
        envvar="CARDSVC_SERVICE_CA",
        type=FILE,
        help=t("签发服务证书的 CA；默认公认的 CA", "Authority of the service's certificate; by default the public ones"),
    ),
    click.option(
        "--client-cert", envvar="CARDSVC_CLIENT_CERT", type=FILE, help=t("本机的客户端证书（mTLS）", "Certificate for mTLS")
    ),
    click.option("--client-key", envvar="CARDSVC_CLIENT_KEY", type=FILE, help=t("它的私钥", "Its private key")),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """What the options say. The client certificate and its key are given together or not at all."""

    url: str
    terminal_id: str
    key_file: Path
    service_ca: Path | None
    client_cert: Path | None
    client_key: Path | None

    def open(self) -> "ApiClient":
        """A client. Raises KeystoreError ``terminal_key_missing``, ``terminal_key_damaged``, or RequestError
        ``tls_files_wrong``."""
        from cardsvc.client import ApiClient, load_key

        pair = (self.client_cert, self.client_key) if self.client_cert and self.client_key else None
        try_tls(pair, self.service_ca)
        return ApiClient(self.url, self.terminal_id, load_key(self.key_file), service_ca=self.service_ca, certificate=pair)


def connection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of whoever calls the service; the command gets them as ``connection``."""

    @functools.wraps(function)
    def command(**given: Any) -> Any:
        mine = {name: given.pop(name) for name in Connection.__dataclass_fields__}
        if (mine["client_cert"] is None) != (mine["client_key"] is None):
            raise click.UsageError(t("--client-cert 和 --client-key 要一起给", "--client-cert and --client-key go together"))
        return function(connection=Connection(**mine), **given)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command
