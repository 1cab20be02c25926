"""The desk page: sign-in, the work place, jobs as short flows, the drawer. It asks services and decides nothing itself."""

from cardsvc.web.desk.app import create_desk

__all__ = ["create_desk"]
