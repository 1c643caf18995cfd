"""The manual: a chapter for each role in Vietnamese and English, as Markdown of ours, read and searched in the app."""
