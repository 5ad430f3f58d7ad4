"""The memory: tables, reads and files. Domain enums and values in, rows out; no decision is taken here."""
