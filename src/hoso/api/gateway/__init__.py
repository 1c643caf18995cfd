"""The gateway: hospitals' software sends its files here in the shape of the insurance gateway and of the Ministry's.

Nothing is answered as received that is not durable, and whatever is wrong is said with its place, in Vietnamese.
"""

from hoso.api.gateway.app import application
from hoso.api.gateway.doors import Gateway, is_gateway

__all__ = ["Gateway", "application", "is_gateway"]
