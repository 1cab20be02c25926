"""The API for terminals and desk agents, /api/v1."""

from cardsvc.web.api.app import create_api

__all__ = ["create_api"]
