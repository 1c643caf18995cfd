"""Steps of the tables of OAuth, applied by `hoso init`."""
