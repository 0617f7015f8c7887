"""The version of the package, which plans, exports and audits carry."""

__version__ = "0.1.0"
