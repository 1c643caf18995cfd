"""The operator's door: the `hoso` command. Every failure says what happened, where, and what to do.

Each command is one file with `add(subparsers)` and `run(args) -> int`; its texts stand in messages/<command>.toml.
"""
