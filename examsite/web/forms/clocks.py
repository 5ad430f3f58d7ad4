"""The one form of the page of the clock."""

from __future__ import annotations

from flask_wtf import FlaskForm


class AnchorClockForm(FlaskForm):
    """Nothing but the token against foreign requests."""
