"""API and desk page under gunicorn: ``gunicorn 'cardsvc.wsgi:create()'``, or ``serve`` and ``desk`` of the command line."""

import logging
import os
import shutil
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from cardsvc.bootstrap import Services, build, metrics_token, now
from cardsvc.config import Settings
from cardsvc.errors import CardsvcError
from cardsvc.service.tidy import tidy
from cardsvc.web.api import create_api
from cardsvc.web.desk import create_desk
from cardsvc.web.desk.tray import Tray

API_THREADS = 16
DESK_THREADS = 64
"""Each open page holds one for its events."""
STOP_SECONDS = 10
DESK_STOP_SECONDS = 1
"""Event streams never end by themselves; a page connects again."""
NUMBERS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which the workers' counts add up; Prometheus' library gave it its name."""
AWAY_SECONDS = 0.5
TIDY_SECONDS = 20.0
AWAY = frozenset({"store_unreachable", "store_connection_lost", "store_locked", "hsm_gone", "hsm_token_missing"})
"""Database or HSM; they come back. A PIN that was refused does not."""

Make = Callable[[Services], Flask]
_LOG = logging.getLogger(__name__)


def create() -> Flask:
    """The API with the settings of the environment."""
    return _measured(build(Settings()))


def create_desk_page() -> Flask:
    """The desk page with the settings of the environment."""
    return create_desk(build(Settings()))


class _Server(BaseApplication):
    """gunicorn with options instead of a command line. Each worker opens its own database and key store."""

    def __init__(self, settings: Settings, make: Make, options: Mapping[str, Any]) -> None:
        self._settings, self._make, self._options = settings, make, options
        super().__init__()

    def load_config(self) -> None:
        """Options of the server."""
        options = {"worker_class": "gthread", "control_socket_disable": True, "loglevel": "warning", **self._options}
        if self._settings.tls_cert is not None:
            options |= {"certfile": str(self._settings.tls_cert), "keyfile": str(self._settings.tls_key)}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of one worker. One that starts while database or HSM is away waits for it: gunicorn takes a start
        that fails for a broken program and stops the whole service.
        """
        while True:
            try:
                return self._make(build(self._settings))
            except CardsvcError as error:
                if error.code not in AWAY:
                    raise
                time.sleep(AWAY_SECONDS)


def _api(services: Services) -> Flask:
    """The API of one worker, which also ends what is over."""
    threading.Thread(target=keep_tidy, args=(services,), name="tidy", daemon=True).start()
    return _measured(services)


def _measured(services: Services) -> Flask:
    """The API, with ``/metrics`` where there is a token for it."""
    app, token = create_api(services), metrics_token(services.settings)
    if token is not None:
        from cardsvc.web.api.metrics import install_metrics  # noqa: PLC0415 - at its import it looks for NUMBERS

        install_metrics(app, services.store, token, now)
    return app


def keep_tidy(services: Services, every: float = TIDY_SECONDS, stop: threading.Event | None = None) -> None:
    """End what is over, again and again. A database that is away is tried again; each failure is told once in the log."""
    stopped = stop or threading.Event()
    while not stopped.wait(every):
        try:
            tidy(services.engine)
        except CardsvcError as error:
            _LOG.warning("tidy: %s", error.code)


def serve(settings: Settings) -> None:
    """Serve the API until stopped. Opens everything once first, so that a wrong setting is told before any worker starts."""
    build(settings).close()
    options: dict[str, Any] = {
        "bind": f"{settings.host}:{settings.port}",
        "workers": settings.workers,
        "threads": API_THREADS,
        "graceful_timeout": STOP_SECONDS,
    }
    if settings.client_ca is not None:
        options |= {"ca_certs": str(settings.client_ca), "cert_reqs": ssl.CERT_REQUIRED}
    if metrics_token(settings) is not None:
        numbers = os.environ[NUMBERS] = tempfile.mkdtemp(prefix="cardsvc-metrics-")
        options |= {"on_exit": lambda _server: shutil.rmtree(numbers)}  # not at a worker's end
    _Server(settings, _api, options).run()


def serve_desk(settings: Settings, tray: Callable[[], Tray] | None = None) -> None:
    """Serve the desk page until stopped. A tray of sample cards is held by one process."""
    build(settings).close()
    options: dict[str, Any] = {
        "bind": f"{settings.desk_host}:{settings.desk_port}",
        "workers": settings.desk_workers if tray is None else 1,
        "threads": DESK_THREADS,
        "graceful_timeout": DESK_STOP_SECONDS,
    }
    _Server(settings, lambda services: create_desk(services, tray() if tray else None), options).run()
