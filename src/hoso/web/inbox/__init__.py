"""Pages of what other software brought: seen, mended, taken back, by those who look after a facility."""
