"""Reason-then-recommend occupation models: train, compare, audit and use them."""

__version__ = "0.1.0"
