"""The API under gunicorn: ``gunicorn 'cardsvc.wsgi:create()'``, or ``serve`` from the command line."""

import ssl
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cardsvc.bootstrap import build
from cardsvc.config import Settings
from cardsvc.errors import StoreError
from cardsvc.web.api import create_api

THREADS = 16
STOP_SECONDS = 10
AWAY_SECONDS = 0.5
DATABASE_AWAY = frozenset({"store_unreachable", "store_connection_lost", "store_locked"})


def create() -> Flask:
    """The application with the settings of the environment."""
    return create_api(build(Settings()))


class _Server(BaseApplication):
    """gunicorn with options instead of a command line. Each worker opens its own database and key store."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Options of the server."""
        options: dict[str, Any] = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.workers,
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        if self._settings.tls_cert is not None:
            options |= {"certfile": str(self._settings.tls_cert), "keyfile": str(self._settings.tls_key)}
        if self._settings.client_ca is not None:
            options |= {"ca_certs": str(self._settings.client_ca), "cert_reqs": ssl.CERT_REQUIRED}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one worker. One that starts while the database is away waits for it: gunicorn takes a start
        that fails for a broken program and stops the whole service.
        """
        while True:
            try:
                return create_api(build(self._settings))
            except StoreError as error:
                if error.code not in DATABASE_AWAY:
                    raise
                time.sleep(AWAY_SECONDS)


def serve(settings: Settings) -> None:
    """Serve the API until stopped. Opens everything once first, so that a wrong setting is told before any worker starts."""
    build(settings).close()
    _Server(settings).run()
