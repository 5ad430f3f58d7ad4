"""Competitive selection of section-level leaders: written test, proposal, blind marking, public ranking."""

__version__ = "0.1.0"
