"""Whether the Hugging Face hub can be reached: asked once and quickly.

The library asks six times for every file, with pauses, and says so on the terminal each time: a minute until a
misspelt folder or a machine without a network is one line of error.
"""

from __future__ import annotations

SECONDS = 10


def hub_answers(name: str, revision: str | None = None) -> bool:
    """Whether the hub says anything about a name there, be it that there is none."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError

    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json", revision=revision), timeout=SECONDS)
    except HfHubHTTPError:
        return True
    except Exception:  # offline by choice, no network, no such host, a proxy that refuses: the kinds differ by version
        return False
    return True
