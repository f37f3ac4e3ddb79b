"""Supervised models that read a career as a sequence of occupations, without a language model."""
