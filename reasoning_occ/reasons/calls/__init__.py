"""Paid or slow calls to language models: each is asked once, kept in a ledger, and never paid twice."""
