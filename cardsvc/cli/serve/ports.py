"""Whether the addresses that processes will listen on are free: told before they are started, not by each of them for ever."""

import socket

from cardsvc.config import Settings
from cardsvc.errors import RequestError


def refuse_taken(settings: Settings, *, desk: bool) -> None:
    """Raise RequestError ``address_taken`` where the API, or with ``desk`` the desk page, cannot listen."""
    _try(settings.host, settings.port)
    if desk:
        _try(settings.desk_host, settings.desk_port)


def _try(host: str, port: int) -> None:
    """Listen there for a moment, as the server will: an address that was just left is free."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except OSError as error:
        raise RequestError("address_taken", address=f"{host}:{port}", reason=error.strerror or type(error).__name__) from None
