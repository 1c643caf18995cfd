"""The record in the four groups that the Ministry asks for (QĐ 31/QĐ-BYT 2026), for the citizen and for staff."""
