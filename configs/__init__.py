"""The codebook and the settings: what decides anything is decided here."""
