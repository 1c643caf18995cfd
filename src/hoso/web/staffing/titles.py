"""Kinds of places in words, catalogue keys; "si" comes with what other software wrote."""

from __future__ import annotations

KIND_TITLES = {
    "bu": "Building",
    "wi": "Wing",
    "lvl": "Floor",
    "wa": "Ward",
    "ro": "Room",
    "bd": "Bed",
    "area": "Area",
    "si": "Site",
}
