"""The visit page: what is typed is kept from the first letter on, and goes into the record when it is signed."""
