"""A copy of a handed-in file without what names its author; run as a process of its own, under hard limits."""
