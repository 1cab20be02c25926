"""Whether a server can be reached once it runs: told before it is started, not by each of its processes for ever."""

import socket

from cardsvc.cli.shared.tls import try_tls
from cardsvc.config import Settings
from cardsvc.errors import RequestError


def refuse_taken(*addresses: tuple[str, int]) -> None:
    """Raise RequestError ``address_taken`` where one cannot be listened on."""
    for host, port in addresses:
        _try(host, port)


def _try(host: str, port: int) -> None:
    """Listen there for a moment, as the server will: an address that was just left is free."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise RequestError("address_taken", address=f"{host}:{port}", reason=error.strerror or type(error).__name__) from None


def refuse_wrong_tls(settings: Settings) -> None:
    """Load the files; a server with wrong ones would speak to nobody. Raises RequestError ``tls_files_wrong``."""
    if settings.tls_cert is not None:
        try_tls((settings.tls_cert, settings.tls_key), settings.client_ca)
