"""config.toml of a new node: every setting with what it is for."""


def quotable(text: str) -> str:
    """As it stands between quotation marks."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


TEMPLATE = """\
# A node of HoSo. Change it while the node is stopped.

[node]
id = "{id}"
name = "{name}"

[database]
# "sqlite" is the file hoso.db in this folder; else a postgresql:// address.
url = "{url}"

[http]
# The address under which others reach the node, such as "https://hoso.example.vn". Empty: the Host they asked for.
base_url = ""
# A second address for systems alone, such as "https://fhir.hoso.example.vn": /fhir is then answered only there, without
# cookies, and pages only under base_url. Empty: both under base_url.
fhir_url = ""
# Largest request accepted, in MB, after decompression.
largest_request_mb = 32
# Proxies in front of the node, such as ["10.0.0.5"]: what they say about who called (X-Forwarded-*) is believed.
proxies = []

[tls]
# The certificate (with those that lead to its authority) and its key, from this folder; `hoso tls make` makes both.
certificate = ""
key = ""
# The oldest version of TLS that is spoken: "1.3", or "1.2" for machines that cannot do better.
oldest = "1.3"
# A second port, for systems that show a certificate: whose certificates count, and which count no longer (CRLs).
systems_port = 0
authorities = ""
revoked = ""
# A port for nodes below, which show the certificates this node gave them; with nodes_only they are heard nowhere else.
nodes_port = 0
nodes_only = false

[oauth]
# Hosts from which keys of registered clients may be fetched: "keys.hospital.vn", with a port "keys.hospital.vn:8443",
# or on a private network with its address, "keys.internal=10.0.0.5".
jwks_hosts = []
# A file of certificates that such hosts are trusted by, in place of the system's.
jwks_authorities = ""

[sign_in]
# Least length of a new password, and whether staff need a second factor: an authenticator app or a passkey.
shortest_password = 15
second_factor = true
# A session ends after so many minutes without a click and after so many hours in any case.
idle_minutes = 30
longest_hours = 12
# An account that nobody used for so many days is closed until `hoso user unlock`.
unused_days = 45

[identity]
# Links made by the machine that are drawn each day for a steward to look at blind; 0 for none.
daily_sample = 5

[search]
# Whether all words are kept to be found by _text and _content; docs/reference/search.md tells what it costs.
text = false

[national]
# The national identity provider for citizens (OpenID Connect); docs/how-to/national-identity.md. Empty: none.
issuer = ""

[subscriptions]
# Hosts that notifications may be sent to, such as ["hook.hospital.vn", "hook.internal:8443=10.0.0.5"].
endpoints = []
# Days after which an endpoint that takes nothing is given up.
days = 7

[mllp]
# HL7 v2 messages are taken on this port; 0: none are. docs/how-to/hl7v2.md.
port = 0
host = "127.0.0.1"
# The one facility whose messages are taken; empty: the one that MSH-4 names, or that the certificate speaks for.
facility = ""
# Whether messages of training and debugging (MSH-11 T or D) are stored: on a node without real people.
training = false
# Certificates that other machines must show: the authorities that signed them (a file here), and by the SHA-256 of each
# the facility it speaks for. `revoked`: the authorities' lists of those that count no longer.
authorities = ""
revoked = ""
senders = {{}}

[audit]
# Witnesses of this node's audit log: the public key that each names as its own, a space, and its https address.
witnesses = []
# A folder on a second disk, where events wait while the database takes none. Empty: nothing is shown meanwhile.
spool = ""

[gateway]
# A folder with the certificates (PEM) of authorities under which facilities sign their files. Empty: none is asked.
authorities = ""
# Whether a file is refused that is not signed under one of them.
signatures = false

[sending]
# Days for which a visit is tried that goes to another house (hoso send); docs/how-to/send.md.
days = 7
# A file of certificates that such houses are trusted by, in place of the system's.
authorities = ""

[profiles]
# What records that come in must hold, by type: one of the profiles named. {{ Patient = ["http://…"] }}
require = {{}}
"""
