"""Whether a model, or any other coder, may stand beside the coders. ``judge.judge`` is what most callers want."""
