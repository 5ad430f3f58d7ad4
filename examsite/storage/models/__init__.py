"""All tables, one file per noun. Importing this package makes the metadata complete."""

from examsite.storage.models import (
    accounts,
    competitions,
    dossiers,
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
    "competitions",
    "dossiers",
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
