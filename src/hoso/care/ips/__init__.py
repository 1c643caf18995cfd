"""The International Patient Summary of a person, drawn from the records of all facilities."""

from hoso.care.ips.choose import READ
from hoso.care.ips.contents import Contents, contents
from hoso.care.ips.document import Asked, summary

__all__ = ["READ", "Asked", "Contents", "contents", "summary"]
