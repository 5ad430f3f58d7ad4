"""The page that verifies a bundle in the reader's own browser: the very file that also opens from disk."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Response, current_app, url_for
from flask.typing import ResponseReturnValue

from examsite.web.access import public
from examsite.web.i18n import current_locale
from examsite.web.public import bp
from examsite.web.security_headers import csp_nonce

#: Below the static folder; everything it needs lies beside it or one folder up.
PAGE = Path("verify") / "index.html"


@bp.get("/verify")
@public
def show_verification() -> ResponseReturnValue:
    """The page with addresses of this site in place of relative ones.

    It asks the server for nothing but a bundle of this site that the page of a result names in its link.
    """
    text = (Path(str(current_app.static_folder)) / PAGE).read_text(encoding="utf-8")
    text = text.replace('href="../index.html"', f'href="{url_for("public.show_front")}"')
    text = re.sub(r'\bhref="(\.\./)?([a-z/-]+\.(?:css|svg))"', _address, text)
    text = re.sub(r'<script src="([a-z-]+\.js)"', _script, text)
    if current_locale() == "en":  # the page carries both languages; it opens in the one the reader chose on this site
        text = text.replace('<html lang="vi"', '<html lang="en"')
        for language, is_chosen in (("vi", "false"), ("en", "true")):
            pressed = rf'(data-language="{language}" aria-pressed=)"[a-z]+"'
            text = re.sub(pressed, rf'\1"{is_chosen}"', text)
    return Response(text, mimetype="text/html")


def _address(found: re.Match[str]) -> str:
    folder = "" if found[1] else f"{PAGE.parent}/"
    return f'href="{url_for("static", filename=folder + found[2])}"'


def _script(found: re.Match[str]) -> str:
    address = url_for("static", filename=f"{PAGE.parent}/{found[1]}")
    return f'<script nonce="{csp_nonce()}" src="{address}"'
