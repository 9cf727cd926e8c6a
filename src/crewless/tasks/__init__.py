"""Kinds of work: one folder each, none imports another."""
