"""The reference client of the API: signs, retries safely, and never doubles a load. Used by terminals and the desk agent."""

from cardsvc.client.http import ApiClient
from cardsvc.client.keys import create_key, load_key

__all__ = ["ApiClient", "create_key", "load_key"]
