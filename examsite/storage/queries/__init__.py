"""Reads only: get_ raises, find_ may be None, list_ is ordered, count_ counts. Eager loading is decided here."""
