"""All tables, one file per noun. Importing this package makes the metadata complete."""

from examsite.storage.models import (
    accounts,
    appeals,
    competitions,
    dossiers,
    draws,
    explanations,
    marking,
    papers,
    proposals,
    ranking,
    records,
    redactions,
    rooms,
    sittings,
    split_keys,
    standardisation,
)

__all__ = [
    "accounts",
    "appeals",
    "competitions",
    "dossiers",
    "draws",
    "explanations",
    "marking",
    "papers",
    "proposals",
    "ranking",
    "records",
    "redactions",
    "rooms",
    "sittings",
    "split_keys",
    "standardisation",
]
