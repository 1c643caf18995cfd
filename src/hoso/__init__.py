"""HoSo: one lifelong health record per citizen, shared by every facility. Every node runs this same package."""

__version__ = "0.1.0"
