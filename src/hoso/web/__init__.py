"""The people's door: server-rendered pages for staff, in Vietnamese and English, that work without JavaScript.

Pages hold no clinical rule and read records only through `access`, as the person who signed in.
"""
