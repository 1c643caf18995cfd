"""Steps of the accounts tables, applied by `hoso init`."""
