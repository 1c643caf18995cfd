"""`python -m bench.mllp [MESSAGES]`: messages a second end to end, over real sockets into a served listener.

Each message is a lab result (ORU^R01 with five OBX) or an admission of a new patient, and counts when its AA is read.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.node import cpu_seconds, tree
from hoso.exchange.mllp.framing import Frames, framed

CONNECTIONS = 32
HOSO = Path(sys.executable).with_name("hoso")
NAMES = ("AN", "BÌNH", "CHI", "DUNG", "GIANG", "HÀ", "KHÁNH", "LINH", "MAI", "NGA", "OANH", "PHÚC", "QUÂN", "SƠN")


def admission(number: int) -> bytes:
    born = f"19{50 + number % 50}{1 + number % 12:02}{1 + number % 28:02}"
    name = f"NGUYỄN^{NAMES[number % 14]}^{NAMES[number // 14 % 14]} {NAMES[number // 196 % 14]}"
    return (
        f"MSH|^~\\&|HIS|01001|HOSO|VN|20261127083000||ADT^A04|A{number}|P|2.5.1\r"
        f"PID|1||BN{number}^^^^MR||{name}||{born}|{'MF'[number % 2]}|||{number} Lê Lợi^^Huế\r"
        f"PV1|1|O|||||||||||||||||V{number}\r"
    ).encode()


def result(number: int, people: int) -> bytes:
    lines = "".join(
        f"OBX|{n}|NM|{code}^{name}^LN||{10 + (number + n) % 90}|{unit}|||N|||F\r"
        for n, (code, name, unit) in enumerate(TESTS, 1)
    )
    born = f"19{50 + number % people % 50}{1 + number % people % 12:02}{1 + number % people % 28:02}"
    one = number % people
    name = f"NGUYỄN^{NAMES[one % 14]}^{NAMES[one // 14 % 14]} {NAMES[one // 196 % 14]}"
    return (
        f"MSH|^~\\&|LIS|01001|HOSO|VN|20261127093000||ORU^R01|R{number}|P|2.5.1\r"
        f"PID|1||BN{one}^^^^MR||{name}||{born}|{'MF'[one % 2]}\r"
        f"OBR|1|P{number}|F{number}|58410-2^CBC^LN|||20261127090000\r{lines}"
    ).encode()


TESTS = (
    ("718-7", "Hemoglobin", "g/L"),
    ("6690-2", "Leukocytes", "10*9/L"),
    ("777-3", "Platelets", "10*9/L"),
    ("789-8", "Erythrocytes", "10*12/L"),
    ("4544-3", "Hematocrit", "%"),
)


def talk(port: int, messages: list[bytes], refused: list[bytes]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        frames = Frames(connection, 1 << 20, 120, 120)
        for one in messages:
            connection.sendall(framed(one))
            answer = frames.next() or b""
            if b"\rMSA|AA|" not in answer:
                refused.append(answer)


def run(name: str, port: int, process: int, messages: list[bytes]) -> None:
    refused: list[bytes] = []
    threads = [
        threading.Thread(target=talk, args=(port, messages[n::CONNECTIONS], refused)) for n in range(CONNECTIONS)
    ]
    start, spent = time.perf_counter(), sum(cpu_seconds([pid]) for pid in tree(process))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    cpu = sum(cpu_seconds([pid]) for pid in tree(process)) - spent
    rate, each = len(messages) / seconds, 1_000 * cpu / len(messages)
    print(f"{name:<12} {len(messages):>7,} messages  {rate:>7,.0f}/s  {each:>6.2f} ms CPU each  {len(refused)} refused")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([HOSO, "init", "--data", folder], check=True, stdout=subprocess.DEVNULL)
        command = [HOSO, "--lang", "en", "mllp", "--data", folder, "--port", "0"]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            found = re.search(r"port (\d+)", process.stdout.readline())
            assert found is not None
            port = int(found[1])
            run("admissions", port, process.pid, [admission(n) for n in range(number // 2)])
            run("results", port, process.pid, [result(n, number // 2) for n in range(number)])
            run("repetitions", port, process.pid, [result(n, number // 2) for n in range(number)])
            process.terminate()


if __name__ == "__main__":
    main()
