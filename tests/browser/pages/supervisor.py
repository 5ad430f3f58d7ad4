"""The supervisor reads every record that is not secret and changes nothing."""

from __future__ import annotations

import json

from tests.browser.pages.person import Official


class Supervisor(Official):
    """Member of the supervision board."""

    def reads_newest_record(self) -> tuple[str, dict[str, str]]:
        """Event and content of the newest record of this competition."""
        self.goes_to(f"/supervisor/{self.code}/records")
        self.follows('[data-testid="records"] a')
        return self.reads_facts()[3].split()[0], json.loads(self.browser.text_of("content"))
