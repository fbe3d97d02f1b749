"""inference-sidecar: sees when a caller of an inference API left, and when the provider's work really finished.

The house is drawn in README.md ("The map"). Floors: a file imports from lower floors only, and folders on
one floor do not import each other; import-linter checks both.
"""

__version__ = "0.1.0"
