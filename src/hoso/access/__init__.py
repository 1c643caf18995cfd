"""Who may touch records, why, and who did: the one door between the outside and the store.

Every read and write names an actor and a purpose here; a path to records that does not pass here fails `make check`.
"""
