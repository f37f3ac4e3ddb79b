"""Attention over rows in which sequences share what they begin with: one interface, several ways to compute it.

A row is cut into branches. A token sees the branch's history (stretches of the row, oldest first) and its own branch
up to itself; nothing else, so trees of different people may stand in one row.
"""
