"""weijing (微警): code Chinese reports on police use of WeChat by a codebook."""

__version__ = "0.1.0"
