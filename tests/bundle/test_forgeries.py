"""What somebody who knew the two texts only thought of: does the verifier refuse it?"""

from __future__ import annotations

from examsite.bundle.verify import verify
from tests.bundle.forgeries import forgeries


def test_forgeries_of_a_reader_of_the_format_are_refused() -> None:
    """Without keys, for each is signed rightly and signatures are what takes the time."""
    accepted = [name for name, data in forgeries() if not any(x["state"] == "broken" for x in verify(data))]

    assert accepted == []
