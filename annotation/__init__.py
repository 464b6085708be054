"""Coders' work: Label Studio and other coding sheets, both ways."""
