"""Certificates in files, tried before anything is opened with them."""

import ssl
from pathlib import Path

from cardsvc.errors import RequestError


def try_tls(pair: tuple[Path, Path | None] | None, authority: Path | None) -> None:
    """Load a certificate with its key, and an authority: a program with wrong ones would stand there and speak to nobody.

    Raises RequestError ``tls_files_wrong``.
    """
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if pair is not None:
            context.load_cert_chain(*pair)
        if authority is not None:
            context.load_verify_locations(authority)
    except OSError as error:
        raise RequestError("tls_files_wrong", reason=error.strerror or str(error)) from None
