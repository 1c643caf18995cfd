"""What two nodes say to each other. Every message travels in a frame that its sender signs and that names its answer.

A frame is good for one turn of one contact with one node; what is replayed, cut or flipped is refused at this door.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from hoso.store.codec import CURRENT, NONE
from hoso.sync.keys import Keys, Signer
from hoso.sync.packing import QUICKLY, Bomb, NotPacked, known, pack, unpack
from hoso.sync.receipts import Receipt
from hoso.sync.stream import Record, StreamId

MOST = 48 * 1024 * 1024
MOST_PLAIN = 96 * 1024 * 1024
"""Bytes of a frame, as it travels and unpacked."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """How far a hub's feed was read: the hub, the number, and the chain of the feed there."""

    hub: str
    number: int
    chain: bytes


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A record that was not taken into the record upstream, and why; it is kept there word for word.

    Of a batch that cannot be read there `change` stands for all of it: what `stream` says from `first` to `last`.
    """

    change: bytes
    reason: str
    stream: StreamId | None = None
    first: int = 0
    last: int = 0


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """One of those below."""


class State(msgspec.Struct, frozen=True, array_like=True):
    """What a node says of itself at a contact: its version, how many changes wait there and when the oldest was written
    (0: none waits), and the bytes of its disk, free and all."""

    version: str
    waits: int
    oldest: int
    free: int
    disk: int


class Have(Message, frozen=True, array_like=True, tag=True):
    """What have you of these streams, and of whatever came through me? `time` is my clock.

    `held` is the sum over what I know is held there, so that the list is told once.
    """

    streams: tuple[StreamId, ...]
    time: int
    held: int = 0
    state: State | None = None


class Having(Message, frozen=True, array_like=True, tag=True):
    """A receipt for each stream asked for or come through the asker; those of the centre.

    `held` is all that is held of these streams, None if the asker knows.
    """

    receipts: tuple[Receipt, ...]
    centre: tuple[Receipt, ...]
    held: tuple[Held, ...] | None
    time: int


class Push(Message, frozen=True, array_like=True, tag=True):
    """Batches of one stream (or of the branch of one) in their order."""

    stream: StreamId
    batches: tuple[bytes, ...]


class Taken(Message, frozen=True, array_like=True, tag=True):
    """They are durable; up to where, says the receipt."""

    receipt: Receipt


class Probe(Message, frozen=True, array_like=True, tag=True):
    """What was your chain at these numbers of a stream?"""

    stream: StreamId
    numbers: tuple[int, ...]


class Chains(Message, frozen=True, array_like=True, tag=True):
    chains: tuple[bytes, ...]


class Past(Message, frozen=True, array_like=True, tag=True):
    """Give me my own past back: the batches of a stream behind a number."""

    stream: StreamId
    after: int


class Batches(Message, frozen=True, array_like=True, tag=True):
    batches: tuple[bytes, ...]
    more: bool


class Pull(Message, frozen=True, array_like=True, tag=True):
    """What is new behind one of these cursors, the newest that fits? Older ones help after the hub was restored.

    `lane`: places of my lane that I know (see scope.py).
    """

    cursors: tuple[Cursor, ...]
    lane: tuple[Cursor, ...] = ()


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A change out of a hub's feed."""

    stream: StreamId
    number: int
    record: Record


class Page(Message, frozen=True, array_like=True, tag=True):
    """Changes, and the cursor behind them. What came through the asker is not among them: `have` speaks of it.

    On the last page `root` is the fingerprint of all the asker should now show. `joined`: who is in its scope as well
    from now on, behind the place `lane` of its lane; all there is of them is among the items. None: it has everybody.
    """

    items: tuple[Item, ...]
    cursor: Cursor
    more: bool
    root: bytes
    lane: int = 0
    joined: tuple[str, ...] | None = None


class Buckets(Message, frozen=True, array_like=True, tag=True):
    """We differ. What are the fingerprints of your buckets, as of this cursor?"""

    cursor: Cursor


class Sums(Message, frozen=True, array_like=True, tag=True):
    sums: tuple[int, ...]


class Listing(Message, frozen=True, array_like=True, tag=True):
    """Which changes do these buckets consist of? `have` are mine; give me those I lack."""

    buckets: tuple[int, ...]
    have: tuple[bytes, ...]


class Repair(Message, frozen=True, array_like=True, tag=True):
    """What the asker lacks, and which of its changes this node never heard of."""

    items: tuple[Item, ...]
    unheard: tuple[bytes, ...]


class Renew(Message, frozen=True, array_like=True, tag=True):
    """My certificate ends soon. What runs on a node and at which version is told along, for those who look after it."""

    told: str


class Below(msgspec.Struct, frozen=True, array_like=True):
    """A node below the sender, with its public key. `closed`: its word does not count at present."""

    id: str
    name: str
    facility: str
    public: bytes
    parent: str
    expires: int
    closed: bool
    scope: str = "all"


class Introduce(Message, frozen=True, array_like=True, tag=True):
    """Who is below me: their streams come through me."""

    nodes: tuple[Below, ...]


class Met(Message, frozen=True, array_like=True, tag=True):
    """They are known now, but for so many whose name another has."""

    refused: int


class Renewed(Message, frozen=True, array_like=True, tag=True):
    """A certificate (PEM), and who is at the top of the tree: its name and public key.

    `port`: where the hub is shown that certificate; 0 for nowhere.
    """

    certificate: bytes
    centre: str
    public: bytes
    port: int = 0


Why = Literal[
    "not-yours",
    "unsealable",
    "gap",
    "forked",
    "behind",
    "unknown",
    "full",
    "too-much",
    "replayed",
    "expired",
    "revoked",
]


class Refusal(Message, frozen=True, array_like=True, tag=True):
    """Nothing was done; `why` and, of a batch, `fault` say for what reason. The next contact begins anew."""

    why: Why
    fault: str = ""


Request = Have | Push | Probe | Past | Pull | Buckets | Listing
Answer = Having | Taken | Chains | Batches | Page | Sums | Repair | Refusal


class Frame(msgspec.Struct, frozen=True, array_like=True):
    sender: str
    to: str
    contact: bytes
    turn: int
    message: (
        Have
        | Push
        | Probe
        | Past
        | Pull
        | Buckets
        | Listing
        | Having
        | Taken
        | Chains
        | Batches
        | Page
        | Sums
        | Repair
        | Refusal
        | Renew
        | Renewed
        | Introduce
        | Met
    )


class BadFrame(Exception):
    """These bytes are no message of that node to this one."""


SHORT = 400
"""A frame that is not longer is not packed."""
SIGNATURE = 64
MOST_NAME = 64
_write = msgspec.msgpack.Encoder().encode
_read = msgspec.msgpack.Decoder(Frame).decode


def wrap(signer: Signer, frame: Frame) -> bytes:
    """The bytes of a frame. The name of a node has at most MOST_NAME bytes."""
    text = _write(frame)
    text = bytes([NONE]) + text if len(text) < SHORT else bytes([CURRENT]) + pack(text, QUICKLY)
    name = signer.node.encode().ljust(MOST_NAME, b"\0")
    if len(name) > MOST_NAME:
        raise ValueError(f"{signer.node} is too long for the name of a node")
    return signer.sign(b"hoso frame\0" + text) + name + text


def _plain(text: bytes) -> bytes:
    dictionary = int.from_bytes(text[:1])
    if not known(dictionary):
        raise NotPacked
    return text[1:] if dictionary == NONE else unpack(dictionary, text[1:], MOST_PLAIN)


def unwrap(data: bytes, me: str, keys: Keys) -> Frame:
    """The frame in these bytes, proved to be its sender's and meant for this node. Raises BadFrame."""
    if len(data) > MOST:
        raise BadFrame("too large")
    signature, name, text = data[:SIGNATURE], data[SIGNATURE : SIGNATURE + MOST_NAME], data[SIGNATURE + MOST_NAME :]
    try:
        sender = name.rstrip(b"\0").decode()
        if not keys.good(sender, b"hoso frame\0" + text, signature):
            raise BadFrame("not signed by its sender")
        frame = _read(_plain(text))
    except (Bomb, NotPacked, msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BadFrame("not a frame") from fault
    if frame.sender != sender:
        raise BadFrame("not signed by its sender")
    if frame.to != me:
        raise BadFrame("meant for another node")
    return frame
