"""The two tables of the verifier, its sentences and its shapes, as a script for the page that verifies in the browser.

`python -m examsite.bundle.tables` writes the script anew; a test tells when that was forgotten.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from examsite.bundle import verify

#: Where the page looks for them.
SCRIPT_PATH: Final = Path(__file__).parent.parent / "web" / "static" / "verify" / "tables.js"


def tables_script() -> str:
    """The script: the same sentences and shapes, byte for byte, and the hash of the `verify.py` they come from."""
    verifier = hashlib.sha256(Path(verify.__file__).read_bytes()).hexdigest()
    members = {
        "words": _lines(verify.WORDS.strip()),
        "table": _lines(verify.TABLE.strip()),
        "verifier": f'"{verifier}"',
    }
    written = "".join(f"  {name}: {value},\n" for name, value in members.items())
    return (
        "/* Written by `python -m examsite.bundle.tables` out of verify.py; change them there. */\n"
        f'"use strict";\n\nconst VERIFIER_TABLES = {{\n{written}}};\n'
    )


def _lines(text: str) -> str:
    """A text as a list of lines put together, so that the script reads as the table does."""
    lines = "".join(f"    {json.dumps(line, ensure_ascii=False)},\n" for line in text.strip().split("\n"))
    return f'[\n{lines}  ].join("\\n")'


if __name__ == "__main__":
    SCRIPT_PATH.write_text(tables_script(), encoding="utf-8")
