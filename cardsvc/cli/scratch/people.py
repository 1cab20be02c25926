"""People for the demo, the tests and the bench: all of them visibly synthetic."""

from typing import Any


def synthetic_person(number: int) -> Any:
    """A person who is visibly synthetic: nobody was born on 30 February."""
    from cardsvc.service.people.register import CitizenData
    from cardsvc.units import id_number_check_digit

    body = f"3301001999023{number:04d}"
    return CitizenData(
        name="测试",
        id_number=body + id_number_check_digit(body),
        sex=1,
        ethnic_group=1,
        birthplace="330100",
        birth_date="1999-02-28",  # type: ignore[arg-type] # ISO text
    )
