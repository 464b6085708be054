"""Statistics on arrays and codes: agreement of coders, scores against a reference, calibration.

No model, no server, no HTML, no files. ``compare.compare`` is what most callers want.
"""
